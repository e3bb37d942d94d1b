package asteriskconf

// SetDiskHook has hook called before each system call of f that changes something
// on disk.
func SetDiskHook(f *ConfigDir, hook func(call, path string)) { f.disk.syscallHook = hook }
