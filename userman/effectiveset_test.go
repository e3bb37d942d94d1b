package userman_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// effectivePermissions returns what somebody may do.
func (h *env) effectivePermissions(t testing.TB, username string) *userman.EffectiveSet {
	t.Helper()
	e, err := h.EffectivePermissions(t.Context(), username)
	require.NoError(t, err)
	return e
}

// explain returns what comes of a permission of jane, and why.
func (h *env) explain(t testing.TB, permission string) *userman.Explanation {
	t.Helper()
	x, err := h.effectivePermissions(t, "jane").Explain(permission)
	require.NoError(t, err)
	return x
}

// createGroupWithPriority creates a group of that priority.
func (h *env) createGroupWithPriority(t testing.TB, name string, priority int, permissions userman.Permissions) {
	t.Helper()
	_, err := h.CreateGroup(t.Context(), &userman.Group{Name: name, Priority: priority, Permissions: permissions})
	require.NoError(t, err)
}

func TestStandardPermissions_haveDescriptionsAndSafeDefaults(t *testing.T) {
	t.Parallel()
	defaults := map[string]string{}
	for _, p := range newService(t).Permissions() {
		require.Regexp(t, `^(May|Is) .*\.$`, p.Description, p.ID)
		defaults[p.ID] = p.Default.String()
	}
	require.Equal(t, map[string]string{
		"portal.login": "on", "portal.click_to_dial": "on", "settings.extensions": "self",
		"voicemail.extensions": "self", "voicemail.playback": "on", "voicemail.download": "on",
		"voicemail.settings": "on", "voicemail.greetings": "on",
		"history.extensions": "self", "history.download": "on", "history.recordings": "off",
		"sms.numbers": "none", "xmpp.login": "off", "isymphony.login": "off", "xactview.login": "off",
		"rest.use": "off", "phone_apps.modules": "none", "softphone.activate": "on",
		"conferences.extensions": "none", "contacts.view": "on", "contacts.groups": "all", "contacts.listed": "on",
	}, defaults)
}

func TestResolver_For_prefersUserThenGroupPriority(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createGroupWithPriority(t, "support", 20, userman.Permissions{userman.XMPPLogin: userman.Off(), userman.RESTUse: userman.Off()})
	h.createGroupWithPriority(t, "Sales", 20, userman.Permissions{userman.XMPPLogin: userman.On()})
	h.createGroupWithPriority(t, "Everybody", 90, userman.Permissions{userman.RESTUse: userman.On(), userman.PortalLogin: userman.Off()})
	jane := newUser("jane", "1001")
	jane.Groups = []string{"Everybody", "support", "Sales"}
	jane.Permissions = userman.Permissions{userman.PortalLogin: userman.On()}
	h.createUser(t, jane, "")

	e := h.effectivePermissions(t, "JANE")
	require.True(t, e.Enabled(userman.PortalLogin), "said of the person")
	require.True(t, e.Enabled(userman.XMPPLogin), "Sales comes before support: the same priority, and the name")
	require.False(t, e.Enabled(userman.RESTUse), "support comes before Everybody, by priority")
	require.Equal(t, "on", e.Format(userman.XMPPLogin))
	require.Equal(t, "off", e.Format(userman.RESTUse))
}

func TestResolver_For_setsOrAppendsLists(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createGroupWithPriority(t, "First", 1, userman.Permissions{userman.VoicemailExtensions: userman.Append("2001")})
	h.createGroupWithPriority(t, "Second", 2, userman.Permissions{userman.VoicemailExtensions: userman.Set("linked", "2002")})
	h.createGroupWithPriority(t, "Third", 3, userman.Permissions{userman.VoicemailExtensions: userman.Set("2003")})
	jane := newUser("jane", "1001", "1009")
	jane.Groups = []string{"First", "Second", "Third"}
	jane.Permissions = userman.Permissions{userman.VoicemailExtensions: userman.Append("2000")}
	h.createUser(t, jane, "")

	items, all := h.effectivePermissions(t, "jane").Values(userman.VoicemailExtensions)
	require.Equal(t, []string{"1001", "1009", "2000", "2001", "2002"}, items)
	require.False(t, all)
	x := h.explain(t, userman.VoicemailExtensions)
	applied := []bool{}
	for _, grant := range x.Grants {
		applied = append(applied, grant.Applied)
	}
	require.Equal(t, []bool{true, true, true, false, false}, applied)
	require.Equal(t, "1001, 1009, 2000, 2001, 2002, because what is set for this person adds 2000, the group First adds 2001, and "+
		"the group Second gives all extensions of the person, 2002; by default it is the person's own extension.", x.Summary)
}

func TestEffectiveSet_Contains_grantedExtensions(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := newUser("jane", "1001")
	jane.Permissions = userman.Permissions{userman.VoicemailExtensions: userman.Append("1002", "1003", "1004")}
	h.createUser(t, jane, "")

	e := h.effectivePermissions(t, "jane")
	for _, extension := range []string{"1001", "1002", "1003", "1004"} {
		require.True(t, e.Contains(userman.VoicemailExtensions, extension))
	}
	require.False(t, e.Contains(userman.VoicemailExtensions, "1005"))
	require.False(t, e.Contains(userman.VoicemailExtensions, ""))
	require.False(t, e.Contains(userman.VoicemailExtensions, "self"))
	require.False(t, e.Contains(userman.SettingsExtensions, "1002"))
}

func TestEffectiveSet_Contains_comparesNumbersVerbatim(t *testing.T) {
	t.Parallel()
	h := newService(t)
	for _, username := range []string{"jane", "john"} {
		u := newUser(username)
		u.Permissions = userman.Permissions{userman.SMSNumbers: userman.Set("+4930123", "4930124")}
		h.createUser(t, u, "")
	}
	h.createUser(t, newUser("joan"), "")
	require.True(t, h.effectivePermissions(t, "jane").Contains(userman.SMSNumbers, "+4930123"))
	require.True(t, h.effectivePermissions(t, "john").Contains(userman.SMSNumbers, "+4930123"))
	require.False(t, h.effectivePermissions(t, "john").Contains(userman.SMSNumbers, "4930123"), "numbers are compared as they are written")
	require.False(t, h.effectivePermissions(t, "joan").Contains(userman.SMSNumbers, "+4930123"))
}

func TestEffectiveSet_Contains_ownExtensionMissing(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := newUser("jane")
	jane.LinkedExtensions = []string{"1002"}
	jane.Permissions = userman.Permissions{userman.HistoryExtensions: userman.Set("linked")}
	h.createUser(t, jane, "")

	e := h.effectivePermissions(t, "jane")
	require.Equal(t, "none", e.Format(userman.SettingsExtensions))
	require.Equal(t, "1002", e.Format(userman.HistoryExtensions))
	require.False(t, e.Contains(userman.SettingsExtensions, ""))
	require.Equal(t, "Nothing, because nobody says anything about it, and by default it is the person's own extension, of which there is none.",
		h.explain(t, userman.SettingsExtensions).Summary)
}

func TestEffectiveSet_Contains_anyMatchesEverything(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := newUser("jane", "1001")
	jane.Permissions = userman.Permissions{userman.SettingsExtensions: userman.Append("all", "1002")}
	h.createUser(t, jane, "")

	e := h.effectivePermissions(t, "jane")
	items, all := e.Values(userman.SettingsExtensions)
	require.True(t, all)
	require.Empty(t, items)
	require.True(t, e.Contains(userman.SettingsExtensions, "9999"))
	require.False(t, e.Contains(userman.SettingsExtensions, ""), "no list holds nothing")
	require.Equal(t, "all", e.Format(userman.SettingsExtensions))
	require.Equal(t, "Everything, because what is set for this person adds all extensions, and by default it is the person's own extension.",
		h.explain(t, userman.SettingsExtensions).Summary)
}

func TestEffectiveSet_Explain_listsGrantsInPrecedence(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createGroupWithPriority(t, "Sales", 1, userman.Permissions{userman.XMPPLogin: userman.On(), userman.HistoryExtensions: userman.Set()})
	h.createGroupWithPriority(t, "Second", 2, userman.Permissions{userman.XMPPLogin: userman.Off()})
	jane := newUser("jane", "1001")
	jane.Groups = []string{"Sales", "Second"}
	jane.Permissions = userman.Permissions{userman.PortalLogin: userman.Off()}
	h.createUser(t, jane, "")

	for permission, summary := range map[string]string{
		userman.XMPPLogin:          "On, because the group Sales says so; it is off by default.",
		userman.PortalLogin:        "Off, because what is set for this person says so; it is on by default.",
		userman.RESTUse:            "Off, because nobody says anything about it, and it is off by default.",
		userman.SettingsExtensions: "1001, because nobody says anything about it, and by default it is the person's own extension.",
		userman.HistoryExtensions:  "Nothing, because the group Sales gives none; by default it is the person's own extension.",
		userman.ContactsGroups:     "Everything, because nobody says anything about it, and by default it is everything.",
	} {
		require.Equal(t, summary, h.explain(t, permission).Summary)
	}
	x := h.explain(t, userman.XMPPLogin)
	require.True(t, x.On)
	text, err := json.Marshal(x.Grants)
	require.NoError(t, err)
	require.JSONEq(t, `[
		{"origin": "group", "group": "Sales", "value": true, "counts": true},
		{"origin": "group", "group": "Second", "value": false, "counts": false},
		{"origin": "default", "value": false, "counts": false}
	]`, string(text))

	all := h.effectivePermissions(t, "jane").ExplainAll()
	require.Len(t, all, len(h.Permissions()))
	for i, p := range h.Permissions() {
		require.Equal(t, p, all[i].Permission)
	}
}

// Words of lists are for programs; people are told what they mean.
func TestEffectiveSet_Explain_describesKeywords(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createGroupWithPriority(t, "Sales", 1, userman.Permissions{
		userman.SettingsExtensions: userman.Set("linked"), userman.VoicemailExtensions: userman.Append("self", "2001"),
		userman.SMSNumbers: userman.Set("all"), userman.PhoneAppsModules: userman.Set("all", "presence"),
		userman.ConferenceExtensions: userman.Append("linked"), userman.ContactsGroups: userman.Set(),
	})
	jane := newUser("jane")
	jane.Groups = []string{"Sales"}
	h.createUser(t, jane, "")

	for permission, summary := range map[string]string{
		userman.SettingsExtensions:   "Nothing, because the group Sales gives all extensions of the person, of which there are none; by default it is the person's own extension.",
		userman.VoicemailExtensions:  "2001, because the group Sales adds the person's own extension, 2001, and by default it is the person's own extension.",
		userman.SMSNumbers:           "Everything, because the group Sales gives all numbers; by default it is nothing.",
		userman.PhoneAppsModules:     "Everything, because the group Sales gives everything; by default it is nothing.",
		userman.ConferenceExtensions: "Nothing, because the group Sales adds all extensions of the person, of which there are none, and by default it is nothing.",
		userman.ContactsGroups:       "Nothing, because the group Sales gives none; by default it is everything.",
	} {
		require.Equal(t, summary, h.explain(t, permission).Summary)
	}
}

func TestEffectiveSet_Explain_truncatesLongSummary(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := newUser("jane", "1001")
	for _, letter := range "abcdefgh" {
		name := "Group " + string(letter)
		h.createGroupWithPriority(t, name, 1, userman.Permissions{userman.HistoryExtensions: userman.Append("3", "4", "5", "6", "7", "8", "9")})
		jane.Groups = append(jane.Groups, name)
	}
	h.createUser(t, jane, "")
	const seven = "3, 4, 5, 6, 7 and 2 more"
	require.Equal(t, "1001, 3, 4, 5, 6 and 3 more, because the group Group a adds "+seven+", the group Group b adds "+seven+
		", the group Group c adds "+seven+", the group Group d adds "+seven+", 4 others add to it, and by default it is the person's own extension.",
		h.explain(t, userman.HistoryExtensions).Summary)
}

func TestEffectiveSet_Explain_rejectsUnknownPermission(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane", "1001"), "")
	e := h.effectivePermissions(t, "jane")
	for _, permission := range []string{"fax.send", "", "self"} {
		require.False(t, e.Enabled(permission))
		require.False(t, e.Contains(permission, "1001"))
		require.Empty(t, e.Format(permission))
		items, all := e.Values(permission)
		require.Empty(t, items)
		require.False(t, all)
		_, err := e.Explain(permission)
		requireFieldErrors(t, err, "permission: unknown")
	}
	require.False(t, e.Enabled(userman.SettingsExtensions), "a list is not on")
	require.False(t, e.Contains(userman.PortalLogin, "1001"), "a switch lists nothing")
	items, all := e.Values(userman.PortalLogin)
	require.Empty(t, items)
	require.False(t, all)

	_, err := h.EffectivePermissions(t.Context(), "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestService_Permissions_includesProductPermissions(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) {
		o.Permissions = []userman.Permission{
			{ID: "fax.send", Kind: userman.KindBool, Default: userman.On(), Description: "May send faxes."},
			{ID: userman.PortalLogin, Default: userman.Off()},
		}
	})
	h.createUser(t, newUser("jane", "1001"), "")
	e := h.effectivePermissions(t, "jane")
	require.True(t, e.Enabled("fax.send"))
	require.False(t, e.Enabled(userman.PortalLogin))
	h.Permissions()[0].Default = userman.On()
	require.False(t, h.effectivePermissions(t, "jane").Enabled(userman.PortalLogin), "the list is a copy")
}

func TestResolver_For_returnsSnapshot(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createGroup(t, "Sales", userman.Permissions{userman.XMPPLogin: userman.On()})
	jane := newUser("jane", "1001", "1002")
	jane.Groups = []string{"Sales"}
	h.createUser(t, jane, "")
	resolver, err := h.PermissionResolver(t.Context())
	require.NoError(t, err)
	u := h.get(t, "jane")
	e := resolver.For(u)
	u.LinkedExtensions[0], u.Permissions[userman.XMPPLogin], u.Groups[0] = "6666", userman.Off(), "gone"
	_, err = h.UpdateGroup(t.Context(), "Sales", func(g *userman.Group) error {
		g.Permissions[userman.XMPPLogin] = userman.Off()
		return nil
	})
	require.NoError(t, err)

	require.True(t, e.Enabled(userman.XMPPLogin))
	require.False(t, h.effectivePermissions(t, "jane").Enabled(userman.XMPPLogin), "loaded again, it shows the change")
}

func TestService_EffectivePermissions_discardsRolledBackGroups(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "")
			h.createGroup(t, "Sales", userman.Permissions{})
			jane := newUser("jane")
			jane.Groups = []string{"Sales"}
			h.createUser(t, jane, "")
			errRollback := errors.New("undone")
			err := h.store.RunInTx(t.Context(), func(ctx context.Context) error {
				_, err := h.UpdateGroup(ctx, "Sales", func(g *userman.Group) error {
					g.Permissions[userman.XMPPLogin] = userman.On()
					return nil
				})
				require.NoError(t, err)
				e, err := h.EffectivePermissions(ctx, "jane")
				require.NoError(t, err)
				require.True(t, e.Enabled(userman.XMPPLogin), "inside, it counts")
				return errRollback
			})
			require.ErrorIs(t, err, errRollback)
			require.False(t, h.effectivePermissions(t, "jane").Enabled(userman.XMPPLogin))
		})
	}
}
