package asteriskconf

// OnDisk has hook called before each system call of f that changes something
// on disk.
func OnDisk(f *Folder, hook func(call, path string)) { f.disk.before = hook }
