from prohandel_simulator.worlds.model import WorldData


def generate(name: str, seed: int, today: int, instants_in: str = "UTC") -> WorldData:
    raise NotImplementedError
