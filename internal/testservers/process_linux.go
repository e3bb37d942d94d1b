package testservers

import (
	"os/exec"
	"syscall"
)

// setParentDeathSignal has the kernel kill cmd when the thread that starts it ends,
// however that happens: PR_SET_PDEATHSIG goes by thread, not by process.
func setParentDeathSignal(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
