package asteriskconf

// SetDiskHook sets a hook that f calls before each system call that changes
// something on disk.
func SetDiskHook(f *ConfigDir, hook func(call, path string)) { f.disk.syscallHook = hook }
