package audit_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
)

func TestParseOutcome_rejectsUnknownNames(t *testing.T) {
	t.Parallel()
	for _, name := range append(audit.OutcomeNames(), "") {
		outcome, err := audit.ParseOutcome(name)
		require.NoError(t, err)
		require.Equal(t, audit.Outcome(name), outcome)
	}
	_, err := audit.ParseOutcome("Denied")
	require.Equal(t, store.NewInvalidError(store.FieldError{Field: "outcome", Code: store.CodeOneOf, Message: "choose one of succeeded, denied, failed"}), err)
}
