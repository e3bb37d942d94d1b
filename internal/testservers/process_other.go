//go:build !linux

package testservers

import "os/exec"

// setParentDeathSignal does nothing: findAsterisk finds an Asterisk on Linux only.
func setParentDeathSignal(*exec.Cmd) {}
