-- One thread, which fills each row group before it begins the next.
set threads = 1;
