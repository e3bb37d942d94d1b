package testservers

import (
	"net"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestProcess_crashReportsOnlyUnrequestedExit(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]struct {
		how     func(t *testing.T, p *process)
		crashed bool
	}{
		"stopped": {func(_ *testing.T, p *process) { p.stop() }, false},
		"killed":  {func(_ *testing.T, p *process) { p.kill() }, false},
		"crashed": {func(t *testing.T, p *process) {
			t.Helper()
			require.NoError(t, p.cmd.Process.Signal(syscall.SIGSEGV))
			<-p.done
			p.stop()
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := startProcess(exec.CommandContext(t.Context(), "sleep", "600"))
			require.NoError(t, err)
			_, crashed := p.crash()
			require.False(t, crashed, "it runs")
			end.how(t, p)
			_, crashed = p.crash()
			require.Equal(t, end.crashed, crashed)
		})
	}
}

func TestClaimPort_claimsOnce(t *testing.T) {
	t.Parallel()
	claimed := map[int]bool{}
	for range 100 {
		p, err := claimPort(t.Context())
		require.NoError(t, err)
		t.Cleanup(p.release)
		require.False(t, claimed[p.number])
		claimed[p.number] = true
	}
}

func TestPort_isFreeDetectsOtherListener(t *testing.T) {
	t.Parallel()
	p, err := claimPort(t.Context())
	require.NoError(t, err)
	defer p.release()
	require.True(t, p.isFree(t.Context()))
	l, err := net.Listen("tcp", p.address())
	require.NoError(t, err)
	defer func() { require.NoError(t, l.Close()) }()
	require.False(t, p.isFree(t.Context()))
}
