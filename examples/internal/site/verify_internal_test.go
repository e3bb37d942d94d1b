package site

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
)

func TestOneVerificationRunsAtATime(t *testing.T) {
	t.Parallel()
	s := &Site{}
	s.verifying.Lock() // as the one at work does
	_, err := s.Verify(t.Context())
	require.ErrorIs(t, err, store.ErrConflict)
}
