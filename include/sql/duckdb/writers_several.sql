-- As many threads as there are cores.
reset threads;
