package ampusers_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
)

func TestAdministrator_ExplainQueries_namesWhatItCannotRead(t *testing.T) {
	t.Parallel()
	jane := &ampusers.Administrator{Sections: []string{"users"}}
	explained, err := jane.ExplainQueries("section:users", "section:audit", "team:", "did:+49:30")
	require.NoError(t, err)
	require.Len(t, explained, 4)
	require.Equal(t, ampusers.ResourceExplanation{
		Subject: ampusers.ResourceSection, Key: "audit", Explanation: jane.Explain(ampusers.ResourceSection, "audit"),
	}, explained[1])
	require.Equal(t, "+49:30", explained[3].Key)
	explained, err = jane.ExplainQueries()
	require.NoError(t, err)
	require.Empty(t, explained)
	for _, query := range []string{"", "section", "colour:red", "Section:users"} {
		var invalid *store.InvalidError
		_, err := jane.ExplainQueries("team:acme", query)
		require.ErrorAs(t, err, &invalid, query)
		require.Equal(t, "explain[1]", invalid.Fields[0].Field)
	}
}
