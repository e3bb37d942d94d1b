package audit_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

func TestLog_CompareCheckpoint_findsReplacedLog(t *testing.T) {
	t.Parallel()
	b := newEnv(t)
	b.recordHistory(t)
	checkpoint, err := audit.ParseCheckpoint(strings.ToUpper(verify(t, b.audit).Checkpoint().String()))
	require.NoError(t, err)
	require.EqualValues(t, 5, checkpoint.Sequence)
	require.NoError(t, b.audit.Record(t.Context(), audit.Event{Action: "login", Kind: kind, Key: "crm"}))

	other := newEnv(t)
	other.recordHistory(t)
	short := newEnv(t)
	for name, test := range map[string]struct {
		log  *audit.Log
		c    audit.Checkpoint
		want []any
	}{
		"the same log":    {b.audit, checkpoint, []any{}},
		"no checkpoint":   {b.audit, audit.Checkpoint{}, []any{}},
		"another log":     {other.audit, checkpoint, []any{audit.CodeCheckpointMismatch, 5}},
		"an emptied log":  {short.audit, checkpoint, []any{audit.CodeCheckpointMismatch, 5}},
		"an entry to be":  {b.audit, audit.Checkpoint{Sequence: 7, Hash: checkpoint.Hash}, []any{audit.CodeCheckpointMismatch, 7}},
		"an earlier hash": {b.audit, audit.Checkpoint{Sequence: 6, Hash: checkpoint.Hash}, []any{audit.CodeCheckpointMismatch, 6}},
	} {
		found := &audit.Verification{}
		require.NoError(t, test.log.CompareCheckpoint(t.Context(), found, test.c), name)
		require.Equal(t, test.want, findingCodes(found), name)
		require.EqualValues(t, len(found.Findings), found.FindingCount, name)
	}
}

func TestParseCheckpoint_rejectsOtherTexts(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"nonsense", "5", "5:", ":abc", "0:abc", "-1:abc", "x:abc"} {
		_, err := audit.ParseCheckpoint(text)
		require.ErrorIs(t, err, store.ErrInvalid, text)
	}
	none, err := audit.ParseCheckpoint("")
	require.NoError(t, err)
	require.Zero(t, none)
}
