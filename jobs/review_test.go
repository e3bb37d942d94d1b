package jobs_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/jobs"
	"github.com/pbxusers/pbxusers/store/audit"
)

func TestAuthors_namesEachOnce(t *testing.T) {
	t.Parallel()
	entry := func(kind audit.ActorKind, name string) *audit.Entry {
		return &audit.Entry{Time: time.Now(), Actor: audit.Actor{Kind: kind, Name: name}}
	}
	require.Equal(t, []string{"mike", "the server", "anna"}, jobs.Authors([]*audit.Entry{
		entry(audit.Administrator, "mike"), entry(audit.System, ""), entry(audit.Administrator, "anna"), entry(audit.Administrator, "mike"),
	}))
	require.Empty(t, jobs.Authors(nil))
}
