package userman_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

func TestAGroupIsCreatedReadAndChanged(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			says := userman.Permissions{userman.VoicemailDownload: userman.Off()}
			created, err := h.CreateGroup(t.Context(), &userman.Group{
				Name: " Sales ", Description: " who sells ", Default: true, Permissions: says,
				Directory: "head-office", Members: 7, CreatedAt: time.Unix(1, 0), UpdatedAt: time.Unix(1, 0),
			})
			require.NoError(t, err)
			require.JSONEq(t, `{"name":"Sales","description":"who sells","priority":100,"default":true,"permissions":{"voicemail.download":false},
			"directory":"","members":0,"created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T09:00:00Z"}`, inJSON(t, created))
			h.add(t, person("jane"), "")
			h.remove(t, "jane")
			h.add(t, person("joan"), "")
			h.clock.Pass(time.Minute)

			updated, err := h.UpdateGroup(t.Context(), "SALES", func(g *userman.Group) error {
				require.Equal(t, 1, g.Members)
				g.Name, g.Directory, g.Members, g.CreatedAt = "Other", "head-office", 7, time.Unix(1, 0)
				g.Description, g.Default, g.Priority = "", false, 10
				return nil
			})
			require.NoError(t, err)
			require.JSONEq(t, `{"name":"Sales","description":"","priority":10,"default":false,"permissions":{"voicemail.download":false},
			"directory":"","members":1,"created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T09:01:00Z"}`, inJSON(t, updated))
			got, err := h.Group(t.Context(), "sales")
			require.NoError(t, err)
			require.Equal(t, inJSON(t, updated), inJSON(t, got))
			h.requireProven(t)
		})
	}
}

func TestTheNameOfAGroupIsUniqueInAnyCase(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			won := 0
			for _, err := range together(20, func(i int) error {
				_, err := h.CreateGroup(t.Context(), &userman.Group{Name: []string{"Zoë", "ZOË", "Zoe\u0308"}[i%3]})
				return err
			}) {
				if err == nil {
					won++
					continue
				}
				requireExists(t, err, "name")
			}
			require.Equal(t, 1, won)
			require.Regexp(t, `^refused create (Zoë|ZOË): exists: name$`, h.told(t))
		})
	}
}

func TestGroupsAreRefusedFieldByField(t *testing.T) {
	t.Parallel()
	h := newService(t)
	_, err := h.CreateGroup(t.Context(), &userman.Group{Priority: -1, Permissions: userman.Permissions{
		userman.VoicemailDownload: userman.Replace("1001"), "no.such": userman.On(), userman.VoicemailExtensions: userman.Replace("1001", "ten"),
	}})
	requireFields(t, err, "name: required", "priority: min", "permissions.no.such: unknown", "permissions.voicemail.download: kind", "permissions.voicemail.extensions[1]: extension")
	for _, name := range []string{"\u200b", "\u3164", "!!!", "---"} {
		_, err := h.CreateGroup(t.Context(), &userman.Group{Name: name})
		requireFields(t, err, "name: letter")
	}
	h.group(t, "Sales", nil)
	_, err = h.UpdateGroup(t.Context(), "Sales", func(g *userman.Group) error {
		g.Priority = 10_001
		return nil
	})
	requireFields(t, err, "priority: max")
	stale := errors.New("stale")
	_, err = h.UpdateGroup(t.Context(), "Sales", func(*userman.Group) error { return stale })
	require.Equal(t, stale, err)
	_, err = h.UpdateGroup(t.Context(), "Nobody", func(*userman.Group) error { return nil })
	require.ErrorIs(t, err, store.ErrNotFound)
	h.requireProven(t)
}

func TestATeamHasABoundedNumberOfGroups(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) { o.Audit = nil })
	for i := range userman.MaxGroups {
		require.NoError(t, h.store.CreateGroup(t.Context(), &userman.Group{Name: fmt.Sprintf("group %d", i), Priority: 1}))
	}
	_, err := h.CreateGroup(t.Context(), &userman.Group{Name: "one more"})
	require.ErrorIs(t, err, store.ErrConflict)
}

func TestGroupsAreInTheOrderInWhichTheyCount(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			for _, g := range []*userman.Group{{Name: "b", Priority: 20}, {Name: "c"}, {Name: "A"}, {Name: "z", Priority: 1}} {
				_, err := h.CreateGroup(t.Context(), g)
				require.NoError(t, err)
			}
			u := person("jane")
			u.Groups = []string{"z", "b"}
			h.add(t, u, "")
			groups, err := h.Groups(t.Context())
			require.NoError(t, err)
			order := make([]string, len(groups))
			for i, g := range groups {
				order[i] = fmt.Sprintf("%s %d", g.Name, g.Members)
			}
			require.Equal(t, []string{"z 1", "b 1", "A 0", "c 0"}, order)
		})
	}
}

func TestMembersComeAndGoAllOrNone(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			h.group(t, "Sales", nil)
			h.group(t, "Other", nil)
			for _, username := range []string{"jane", "joan", "june"} {
				u := person(username)
				u.Description, u.Groups = "stays", []string{"Other"}
				h.add(t, u, "")
			}
			err := h.AddMembers(t.Context(), "Sales", "jane", "nobody", "joan", "-")
			requireFields(t, err, "usernames[1]: unknown", "usernames[3]: unknown")
			require.Empty(t, h.list(t, userman.Query{Group: "Sales"}))
			require.Equal(t, "refused join group Sales: invalid: usernames[1] (unknown), usernames[3] (unknown)", h.told(t))

			require.NoError(t, h.AddMembers(t.Context(), "sales", "JANE", "joan", "jane"))
			require.NoError(t, h.AddMembers(t.Context(), "Sales", "joan", "june"))
			require.Equal(t, "jane joan june", h.list(t, userman.Query{Group: "Sales"}))
			require.Equal(t, []string{"Other", "Sales"}, h.get(t, "jane").Groups)
			require.Equal(t, "stays", h.get(t, "jane").Description)
			require.Len(t, h.entries(t, audit.Query{Action: "join group", Outcome: audit.Done}), 3, "who is in already is no change")

			require.NoError(t, h.RemoveMembers(t.Context(), "SALES", "jane", "june"))
			require.NoError(t, h.RemoveMembers(t.Context(), "Sales", "jane"))
			require.Equal(t, "joan", h.list(t, userman.Query{Group: "Sales"}))
			require.Equal(t, []string{"Other"}, h.get(t, "jane").Groups)
			require.ErrorIs(t, h.AddMembers(t.Context(), "Nobody", "jane"), store.ErrNotFound)
			h.requireProven(t)
		})
	}
}

func TestMembershipsAtTheSameInstantAreAllKept(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			h.add(t, person("jane"), "")
			for i := range 20 {
				h.group(t, fmt.Sprintf("group %d", i), nil)
			}
			for _, err := range together(20, func(i int) error { return h.AddMembers(t.Context(), fmt.Sprintf("group %d", i), "jane") }) {
				require.NoError(t, err)
			}
			require.Len(t, h.get(t, "jane").Groups, 20)
		})
	}
}

func TestAGroupWithMembersGoesByForceOnly(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			h.group(t, "Sales", nil)
			h.group(t, "Other", nil)
			for _, username := range []string{"jane", "joan", "june"} {
				u := person(username)
				u.Groups = []string{"Sales", "Other"}
				h.add(t, u, "")
			}
			id := h.remove(t, "june")
			err := h.DeleteGroup(t.Context(), "SALES", false)
			refused, ok := errors.AsType[*store.InUseError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, []store.Reference{{Kind: "person", Key: "jane"}, {Kind: "person", Key: "joan"}}, refused.References)

			require.NoError(t, h.DeleteGroup(t.Context(), "SALES", true))
			_, err = h.Group(t.Context(), "Sales")
			require.ErrorIs(t, err, store.ErrNotFound)
			require.Equal(t, []string{"Other"}, h.get(t, "jane").Groups)
			require.ErrorIs(t, h.DeleteGroup(t.Context(), "Sales", true), store.ErrNotFound)
			h.requireProven(t)
			restored, err := h.Restore(t.Context(), id, nil)
			require.NoError(t, err)
			require.Equal(t, []string{"Other"}, restored.Groups)
			h.requireProven(t)
		})
	}
}

func TestAGroupWithManyMembersTellsTheFirstHundred(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) { o.Audit = nil }) // which takes long
	h.group(t, "Sales", nil)
	for i := range 1001 {
		u := person(fmt.Sprintf("person%04d", i))
		u.Groups = []string{"Sales"}
		h.add(t, u, "")
	}
	refused, ok := errors.AsType[*store.InUseError](h.DeleteGroup(t.Context(), "Sales", false))
	require.True(t, ok)
	require.Len(t, refused.References, 100)
	require.Equal(t, store.Reference{Kind: "person", Key: "person0099"}, refused.References[99])
	require.NoError(t, h.DeleteGroup(t.Context(), "Sales", true))
	require.Empty(t, h.get(t, "person1000").Groups)
}

// A group of deleted people only is not in use.
func TestDeletedPeopleDoNotKeepAGroup(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.group(t, "Sales", nil)
	u := person("jane")
	u.Groups = []string{"Sales"}
	h.add(t, u, "")
	h.remove(t, "jane")
	require.NoError(t, h.DeleteGroup(t.Context(), "Sales", false))
	h.requireProven(t)
}

func TestWhoIsAffectedIsToldBeforeAGroupGoes(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.group(t, "Sales", userman.Permissions{userman.XMPPLogin: userman.On(), userman.VoicemailExtensions: userman.Extend("1002")})
	h.group(t, "Chat", userman.Permissions{userman.XMPPLogin: userman.On()})
	jane, joan, june := person("jane", "1001"), person("joan"), person("june")
	jane.Groups, joan.Groups, june.Groups = []string{"Sales"}, []string{"Sales", "Chat"}, []string{"Sales"}
	joan.Permissions = userman.Permissions{userman.VoicemailExtensions: userman.Replace()}
	for _, u := range []*userman.User{june, joan, jane} {
		h.add(t, u, "")
	}
	impact, total, err := h.GroupImpact(t.Context(), "sales", 2)
	require.NoError(t, err)
	require.Equal(t, 3, total)
	require.Len(t, impact, 2)
	require.Equal(t, "jane", impact[0].Username)
	require.Equal(t, []userman.ImpactChange{
		{Permission: userman.VoicemailExtensions, Before: "1001, 1002", After: "1001"},
		{Permission: userman.XMPPLogin, Before: "on", After: "off"},
	}, impact[0].Changes)
	require.Equal(t, "joan", impact[1].Username)
	require.Empty(t, impact[1].Changes, "another group, and what is said of her, give the same")
	impact, total, err = h.GroupImpact(t.Context(), "Sales", 0)
	require.NoError(t, err)
	require.Equal(t, 3, total)
	require.Empty(t, impact)
	_, _, err = h.GroupImpact(t.Context(), "Nobody", 10)
	require.ErrorIs(t, err, store.ErrNotFound)
}
