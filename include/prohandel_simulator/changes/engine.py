from prohandel_simulator.world import World


class ChangeEngine:
    def __init__(self, world: World) -> None:
        self.silent_deletes = False

    def advance(self, ticks: int) -> dict:
        return {}
