package app

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

func TestApp_VerifyAudit_rejectsConcurrentRun(t *testing.T) {
	t.Parallel()
	s := &App{}
	s.verifyMu.Lock() // as the one at work does
	_, err := s.VerifyAudit(t.Context())
	require.ErrorIs(t, err, store.ErrConflict)
}
