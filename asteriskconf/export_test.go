package asteriskconf

// SetDiskHook sets a hook that f calls before each system call. The call fails with the
// error of the hook.
func SetDiskHook(f *ConfigDir, hook func(call, path string) error) { f.disk.syscallHook = hook }
