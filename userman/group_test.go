package userman_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func TestGroupService_Update_savesEditableFields(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			permissions := permission.Permissions{permission.VoicemailDownload: permission.Off()}
			created, err := h.Groups().Create(t.Context(), &userman.Group{
				Name: " Sales ", Description: " who sells ", Default: true, Permissions: permissions,
				Directory: "head-office", Members: 7, CreatedAt: time.Unix(1, 0), UpdatedAt: time.Unix(1, 0),
			})
			require.NoError(t, err)
			require.JSONEq(t, `{"name":"Sales","description":"who sells","priority":100,"default":true,"permissions":{"voicemail.download":false},
			"directory":"","members":0,"created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T09:00:00Z"}`, toJSON(t, created))
			h.createUser(t, newUser("jane"), "")
			h.deleteUser(t, "jane")
			h.createUser(t, newUser("joan"), "")
			h.clock.Advance(time.Minute)

			updated, err := h.Groups().Update(t.Context(), "SALES", func(g *userman.Group) error {
				require.Equal(t, 1, g.Members)
				g.Name, g.Directory, g.Members, g.CreatedAt = "Other", "head-office", 7, time.Unix(1, 0)
				g.Description, g.Default, g.Priority = "", false, 10
				return nil
			})
			require.NoError(t, err)
			require.JSONEq(t, `{"name":"Sales","description":"","priority":10,"default":false,"permissions":{"voicemail.download":false},
			"directory":"","members":1,"created_at":"2026-03-01T09:00:00Z","updated_at":"2026-03-01T09:01:00Z"}`, toJSON(t, updated))
			got, err := h.Groups().Get(t.Context(), "sales")
			require.NoError(t, err)
			require.Equal(t, toJSON(t, updated), toJSON(t, got))
			h.requireAuditIntact(t)
		})
	}
}

func TestGroupService_Create_foldsNameForUniqueness(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			succeeded := 0
			for _, err := range runConcurrently(20, func(i int) error {
				_, err := h.Groups().Create(t.Context(), &userman.Group{Name: []string{"Zoë", "ZOË", "Zoe\u0308"}[i%3]})
				return err
			}) {
				if err == nil {
					succeeded++
					continue
				}
				requireAlreadyExists(t, err, "name")
			}
			require.Equal(t, 1, succeeded)
			require.Regexp(t, `^denied create (Zoë|ZOË): already_exists: name$`, h.lastAuditEntry(t))
		})
	}
}

func TestGroupService_Create_reportsEveryInvalidField(t *testing.T) {
	t.Parallel()
	h := newService(t)
	_, err := h.Groups().Create(t.Context(), &userman.Group{Priority: -1, Permissions: permission.Permissions{
		permission.VoicemailDownload: permission.Set("1001"), "no.such": permission.On(), permission.VoicemailExtensions: permission.Set("1001", "ten"),
	}})
	requireFieldErrors(t, err, "name: required", "priority: min", "permissions.no.such: unknown", "permissions.voicemail.download: kind", "permissions.voicemail.extensions[1]: extension")
	for _, name := range []string{"\u200b", "\u3164", "!!!", "---"} {
		_, err := h.Groups().Create(t.Context(), &userman.Group{Name: name})
		requireFieldErrors(t, err, "name: letter")
	}
	h.createGroup(t, "Sales", nil)
	_, err = h.Groups().Update(t.Context(), "Sales", func(g *userman.Group) error {
		g.Priority = 10_001
		return nil
	})
	requireFieldErrors(t, err, "priority: max")
	stale := errors.New("stale")
	_, err = h.Groups().Update(t.Context(), "Sales", func(*userman.Group) error { return stale })
	require.Equal(t, stale, err)
	_, err = h.Groups().Update(t.Context(), "Nobody", func(*userman.Group) error { return nil })
	require.ErrorIs(t, err, store.ErrNotFound)
	h.requireAuditIntact(t)
}

func TestGroupService_Create_limitsGroupsPerTeam(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) { o.Audit = nil })
	for i := range userman.MaxGroups {
		require.NoError(t, h.store.CreateGroup(t.Context(), &userman.Group{Name: fmt.Sprintf("group %d", i), Priority: 1}))
	}
	_, err := h.Groups().Create(t.Context(), &userman.Group{Name: "one more"})
	require.ErrorIs(t, err, store.ErrConflict)
}

func TestGroupService_List_sortedByPriority(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			for _, g := range []*userman.Group{{Name: "b", Priority: 20}, {Name: "c"}, {Name: "A"}, {Name: "z", Priority: 1}} {
				_, err := h.Groups().Create(t.Context(), g)
				require.NoError(t, err)
			}
			u := newUser("jane")
			u.Groups = []string{"z", "b"}
			h.createUser(t, u, "")
			groups, err := h.Groups().List(t.Context())
			require.NoError(t, err)
			order := make([]string, len(groups))
			for i, g := range groups {
				order[i] = fmt.Sprintf("%s %d", g.Name, g.Members)
			}
			require.Equal(t, []string{"z 1", "b 1", "A 0", "c 0"}, order)
		})
	}
}

func TestGroupService_AddMembers_isAtomic(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createGroup(t, "Sales", nil)
			h.createGroup(t, "Other", nil)
			for _, username := range []string{"jane", "joan", "june"} {
				u := newUser(username)
				u.Description, u.Groups = "stays", []string{"Other"}
				h.createUser(t, u, "")
			}
			err := h.Groups().AddMembers(t.Context(), "Sales", "jane", "nobody", "joan", "-")
			requireFieldErrors(t, err, "usernames[1]: unknown", "usernames[3]: unknown")
			require.Empty(t, h.list(t, userman.Query{Group: "Sales"}))
			require.Equal(t, "denied join group Sales: invalid: usernames[1] (unknown), usernames[3] (unknown)", h.lastAuditEntry(t))

			require.NoError(t, h.Groups().AddMembers(t.Context(), "sales", "JANE", "joan", "jane"))
			require.NoError(t, h.Groups().AddMembers(t.Context(), "Sales", "joan", "june"))
			require.Equal(t, "jane joan june", h.list(t, userman.Query{Group: "Sales"}))
			require.Equal(t, []string{"Other", "Sales"}, h.get(t, "jane").Groups)
			require.Equal(t, "stays", h.get(t, "jane").Description)
			require.Len(t, h.entries(t, audit.Query{Action: "join group", Outcome: audit.Succeeded}), 3, "who is in already is no change")

			require.NoError(t, h.Groups().RemoveMembers(t.Context(), "SALES", "jane", "june"))
			require.NoError(t, h.Groups().RemoveMembers(t.Context(), "Sales", "jane"))
			require.Equal(t, "joan", h.list(t, userman.Query{Group: "Sales"}))
			require.Equal(t, []string{"Other"}, h.get(t, "jane").Groups)
			require.ErrorIs(t, h.Groups().AddMembers(t.Context(), "Nobody", "jane"), store.ErrNotFound)
			h.requireAuditIntact(t)
		})
	}
}

func TestGroupService_AddMembers_losesNoConcurrentChange(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createUser(t, newUser("jane"), "")
			for i := range 20 {
				h.createGroup(t, fmt.Sprintf("group %d", i), nil)
			}
			for _, err := range runConcurrently(20, func(i int) error { return h.Groups().AddMembers(t.Context(), fmt.Sprintf("group %d", i), "jane") }) {
				require.NoError(t, err)
			}
			require.Len(t, h.get(t, "jane").Groups, 20)
		})
	}
}

func TestGroupService_Delete_requiresForceWithMembers(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createGroup(t, "Sales", nil)
			h.createGroup(t, "Other", nil)
			for _, username := range []string{"jane", "joan", "june"} {
				u := newUser(username)
				u.Groups = []string{"Sales", "Other"}
				h.createUser(t, u, "")
			}
			id := h.deleteUser(t, "june")
			err := h.Groups().Delete(t.Context(), "SALES", false)
			inUse, ok := errors.AsType[*store.InUseError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, []store.Reference{{Kind: "user", Key: "jane"}, {Kind: "user", Key: "joan"}}, inUse.References)

			require.NoError(t, h.Groups().Delete(t.Context(), "SALES", true))
			_, err = h.Groups().Get(t.Context(), "Sales")
			require.ErrorIs(t, err, store.ErrNotFound)
			require.Equal(t, []string{"Other"}, h.get(t, "jane").Groups)
			require.ErrorIs(t, h.Groups().Delete(t.Context(), "Sales", true), store.ErrNotFound)
			h.requireAuditIntact(t)
			restored, err := h.Restore(t.Context(), id, nil)
			require.NoError(t, err)
			require.Equal(t, []string{"Other"}, restored.Groups)
			h.requireAuditIntact(t)
		})
	}
}

func TestGroupService_Delete_limitsReportedReferences(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) { o.Audit = nil }) // which takes long
	h.createGroup(t, "Sales", nil)
	for i := range 1001 {
		u := newUser(fmt.Sprintf("person%04d", i))
		u.Groups = []string{"Sales"}
		h.createUser(t, u, "")
	}
	inUse, ok := errors.AsType[*store.InUseError](h.Groups().Delete(t.Context(), "Sales", false))
	require.True(t, ok)
	require.Len(t, inUse.References, 100)
	require.Equal(t, store.Reference{Kind: "user", Key: "person0099"}, inUse.References[99])
	require.NoError(t, h.Groups().Delete(t.Context(), "Sales", true))
	require.Empty(t, h.get(t, "person1000").Groups)
}

// A group of deleted people only is not in use.
func TestGroupService_Delete_ignoresDeletedMembers(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createGroup(t, "Sales", nil)
	u := newUser("jane")
	u.Groups = []string{"Sales"}
	h.createUser(t, u, "")
	h.deleteUser(t, "jane")
	require.NoError(t, h.Groups().Delete(t.Context(), "Sales", false))
	h.requireAuditIntact(t)
}

func TestGroupService_PreviewDelete_reportsPermissionChanges(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createGroup(t, "Sales", permission.Permissions{permission.XMPPLogin: permission.On(), permission.VoicemailExtensions: permission.Append("1002")})
	h.createGroup(t, "Chat", permission.Permissions{permission.XMPPLogin: permission.On()})
	jane, joan, june := newUser("jane", "1001"), newUser("joan"), newUser("june")
	jane.Groups, joan.Groups, june.Groups = []string{"Sales"}, []string{"Sales", "Chat"}, []string{"Sales"}
	joan.Permissions = permission.Permissions{permission.VoicemailExtensions: permission.Set()}
	for _, u := range []*userman.User{june, joan, jane} {
		h.createUser(t, u, "")
	}
	preview, err := h.Groups().PreviewDelete(t.Context(), "sales", 2)
	require.NoError(t, err)
	require.Equal(t, 3, preview.Total)
	impact := preview.Items
	require.Len(t, impact, 2)
	require.Equal(t, "jane", impact[0].Username)
	require.Equal(t, []userman.PermissionChange{
		{Permission: permission.VoicemailExtensions, Before: "1001, 1002", After: "1001"},
		{Permission: permission.XMPPLogin, Before: "on", After: "off"},
	}, impact[0].Changes)
	require.Equal(t, "joan", impact[1].Username)
	require.Empty(t, impact[1].Changes, "another group, and what is said of her, give the same")
	preview, err = h.Groups().PreviewDelete(t.Context(), "Sales", 0)
	require.NoError(t, err)
	require.Equal(t, 3, preview.Total)
	require.Empty(t, preview.Items)
	_, err = h.Groups().PreviewDelete(t.Context(), "Nobody", 10)
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestGroupService_PreviewDelete_namesRevocations(t *testing.T) {
	t.Parallel()
	h := newGrantEnv(t, memstore.New())
	h.createJane(t)
	h.takeOver(t)
	frank, ctx := h.as(t, "frank")
	preview, err := frank.Groups().PreviewDelete(ctx, "narrow", 10)
	require.NoError(t, err)
	require.Equal(t, 1, preview.Revocations.Total)
	require.Equal(t, "jane", preview.Revocations.Items[0].Username)
	require.Contains(t, preview.Revocations.Items[0].Credentials, credential.KindPassword)
	require.Equal(t, []string{"Everybody", "Narrow", "Staff", "Wide"}, h.get(t, "jane").Groups, "nothing is saved")

	mallory, ctx := h.as(t, "mallory")
	preview, err = mallory.Groups().PreviewDelete(ctx, "narrow", 10)
	require.NoError(t, err)
	require.Len(t, preview.Items, 1)
	require.Equal(t, &userman.Revocations{Items: []userman.Revocation{}}, preview.Revocations, "mallory cannot delete it")
}

func TestGroupService_AuditEvent_namesGroupButNoMisplacedSecret(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createGroup(t, "Sales and Support", nil)
	for name, key := range map[string]string{
		"sales AND support": "Sales and Support", "Messages": "Messages", "correct horse battery staple": "",
	} {
		require.Equal(t, audit.Event{Action: "preview", Kind: userman.KindGroup, Key: key}, h.Groups().AuditEvent(t.Context(), "preview", name))
	}
}
