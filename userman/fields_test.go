package userman_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/internal/fieldtest"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/userman"
)

func TestFields_areThoseOfTheStruct(t *testing.T) {
	t.Parallel()
	fieldtest.RequireFields(t, userman.Fields(), "ID", "Groups", "Permissions", "Directory", "Picture",
		"HasPassword", "ExternalPassword", "HasSecondFactor", "InvitationExpiresAt", "PasswordExpiresAt",
		"CreatedAt", "UpdatedAt", "PasswordChangedAt", "LastLoginAt", "WelcomedAt", "MissingSince", "DeletedAt")
}

func TestGroupFields_areThoseOfTheStruct(t *testing.T) {
	t.Parallel()
	fieldtest.RequireFields(t, userman.GroupFields(), "Permissions", "Directory", "Members", "CreatedAt", "UpdatedAt")
}

func TestFields_sortFieldsAreSortFields(t *testing.T) {
	t.Parallel()
	sortable := userman.Fields().Names(func(m field.Meta) bool { return m.Sort })
	require.Subset(t, userman.SortFields(), sortable)
}

func TestFields_labelsAreUnique(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, m := range userman.Fields().Metas(nil) {
		require.False(t, seen[m.Label], m.Label)
		seen[m.Label] = true
		require.NotEmpty(t, m.Placeholder)
		_, err := field.Parse(m.Kind, m.Example)
		require.NoError(t, err)
	}
}
