package userman_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
)

func TestQuery_Match_filtersByEachField(t *testing.T) {
	t.Parallel()
	ldap, localDir := "ldap", ""
	newJane := func() *userman.User { return &userman.User{Username: "jane"} }
	for name, c := range map[string]struct {
		q       userman.Query
		set     func(u *userman.User)
		without bool // whether somebody plain is selected
	}{
		"a linked extension": {userman.Query{Extension: "1001"}, func(u *userman.User) { u.LinkedExtensions = []string{"1001"} }, false},
		"the default one":    {userman.Query{Extension: "1001"}, func(u *userman.User) { u.DefaultExtension = "1001" }, false},
		"a group":            {userman.Query{Group: "GRÖSSE"}, func(u *userman.User) { u.Groups = []string{"Größe"} }, false},
		"an email":           {userman.Query{Email: "JANE@example.com"}, func(u *userman.User) { u.Email = "Jane@Example.com" }, false},
		"a directory":        {userman.Query{Directory: &ldap}, func(u *userman.User) { u.Directory = "ldap" }, false},
		"no directory":       {userman.Query{Directory: &localDir}, func(*userman.User) {}, true},
		"disabled":           {userman.Query{Status: userman.StatusDisabled}, func(u *userman.User) { u.Disabled = true }, false},
		"enabled":            {userman.Query{Status: userman.StatusEnabled}, func(*userman.User) {}, true},
		"deleted":            {userman.Query{Status: userman.StatusDeleted}, func(u *userman.User) { u.Disabled, u.DeletedAt = true, time.Now() }, false},
		"not welcomed":       {userman.Query{NotWelcomed: true}, func(*userman.User) {}, true},
	} {
		u := newJane()
		c.set(u)
		require.True(t, c.q.Match(u), name)
		require.Equal(t, c.without, c.q.Match(newJane()), name)
	}
	for name, c := range map[string]struct {
		q   userman.Query
		set func(u *userman.User)
	}{
		"deleted":          {userman.Query{}, func(u *userman.User) { u.DeletedAt = time.Now() }},
		"deleted, enabled": {userman.Query{Status: userman.StatusEnabled}, func(u *userman.User) { u.DeletedAt = time.Now() }},
		"disabled":         {userman.Query{Status: userman.StatusEnabled}, func(u *userman.User) { u.Disabled = true }},
		"welcomed":         {userman.Query{NotWelcomed: true}, func(u *userman.User) { u.WelcomedAt = time.Now() }},
		"of a directory":   {userman.Query{Directory: &localDir}, func(u *userman.User) { u.Directory = "ldap" }},
		"a further email":  {userman.Query{Email: "a@b.org"}, func(u *userman.User) { u.OtherEmails = []string{"a@b.org"} }},
		"no such status":   {userman.Query{Status: "odd"}, func(*userman.User) {}},
	} {
		u := newJane()
		c.set(u)
		require.False(t, c.q.Match(u), name)
	}
}
