package permission_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// fixture holds groups and users to resolve permissions of.
type fixture struct {
	groups []permission.GroupGrants
	users  map[string]permission.Subject
}

func newFixture() *fixture { return &fixture{users: map[string]permission.Subject{}} }

func (h *fixture) addGroup(name string, priority int, permissions permission.Permissions) {
	h.groups = append(h.groups, permission.GroupGrants{Name: name, Priority: priority, Permissions: permissions})
}

// newSubject returns a user with these extensions, the default one first.
func newSubject(extensions ...string) permission.Subject {
	var s permission.Subject
	if len(extensions) > 0 {
		s.DefaultExtension, s.LinkedExtensions = extensions[0], extensions[1:]
	}
	return s
}

// effective returns the effective permissions of a user.
func (h *fixture) effective(username string) *permission.EffectiveSet {
	return permission.NewResolver(permission.NewRegistry(nil), h.groups).For(h.users[username])
}

// requireFieldCode requires an error on one field, written "field: code".
func requireFieldCode(t testing.TB, err error, want string) {
	t.Helper()
	invalid, ok := errors.AsType[*store.InvalidError](err)
	require.True(t, ok, "%v", err)
	require.Len(t, invalid.Fields, 1)
	require.Equal(t, want, invalid.Fields[0].Field+": "+invalid.Fields[0].Code)
}

// explain returns the explanation of a permission of jane.
func (h *fixture) explain(t testing.TB, permission string) *permission.Explanation {
	t.Helper()
	x, err := h.effective("jane").Explain(permission)
	require.NoError(t, err)
	return x
}

func TestStandard_haveDescriptionsAndSafeDefaults(t *testing.T) {
	t.Parallel()
	defaults := map[string]string{}
	for _, p := range permission.Standard() {
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
	h := newFixture()
	h.addGroup("support", 20, permission.Permissions{permission.XMPPLogin: permission.Off(), permission.RESTUse: permission.Off()})
	h.addGroup("Sales", 20, permission.Permissions{permission.XMPPLogin: permission.On()})
	h.addGroup("Everybody", 90, permission.Permissions{permission.RESTUse: permission.On(), permission.PortalLogin: permission.Off()})
	jane := newSubject("1001")
	jane.Groups = []string{"Everybody", "support", "Sales"}
	jane.Permissions = permission.Permissions{permission.PortalLogin: permission.On()}
	h.users["jane"] = jane

	e := h.effective("jane")
	require.True(t, e.Enabled(permission.PortalLogin), "said of the person")
	require.True(t, e.Enabled(permission.XMPPLogin), "Sales comes before support: the same priority, and the name")
	require.False(t, e.Enabled(permission.RESTUse), "support comes before Everybody, by priority")
	require.Equal(t, "on", e.Format(permission.XMPPLogin))
	require.Equal(t, "off", e.Format(permission.RESTUse))
}

func TestResolver_For_setsOrAppendsLists(t *testing.T) {
	t.Parallel()
	h := newFixture()
	h.addGroup("First", 1, permission.Permissions{permission.VoicemailExtensions: permission.Append("2001")})
	h.addGroup("Second", 2, permission.Permissions{permission.VoicemailExtensions: permission.Set("linked", "2002")})
	h.addGroup("Third", 3, permission.Permissions{permission.VoicemailExtensions: permission.Set("2003")})
	jane := newSubject("1001", "1009")
	jane.Groups = []string{"First", "Second", "Third"}
	jane.Permissions = permission.Permissions{permission.VoicemailExtensions: permission.Append("2000")}
	h.users["jane"] = jane

	items, all := h.effective("jane").Values(permission.VoicemailExtensions)
	require.Equal(t, []string{"1001", "1009", "2000", "2001", "2002"}, items)
	require.False(t, all)
	x := h.explain(t, permission.VoicemailExtensions)
	applied := []bool{}
	for _, grant := range x.Grants {
		applied = append(applied, grant.Applied)
	}
	require.Equal(t, []bool{true, true, true, false, false}, applied)
	require.Equal(t, "1001, 1009, 2000, 2001, 2002, because the setting of the user adds 2000, the group First adds 2001, and "+
		"the group Second gives all extensions of the user, 2002; by default it is the user's own extension.", x.Summary)
}

func TestEffectiveSet_Contains_grantedExtensions(t *testing.T) {
	t.Parallel()
	h := newFixture()
	jane := newSubject("1001")
	jane.Permissions = permission.Permissions{permission.VoicemailExtensions: permission.Append("1002", "1003", "1004")}
	h.users["jane"] = jane

	e := h.effective("jane")
	for _, extension := range []string{"1001", "1002", "1003", "1004"} {
		require.True(t, e.Contains(permission.VoicemailExtensions, extension))
	}
	require.False(t, e.Contains(permission.VoicemailExtensions, "1005"))
	require.False(t, e.Contains(permission.VoicemailExtensions, ""))
	require.False(t, e.Contains(permission.VoicemailExtensions, "self"))
	require.False(t, e.Contains(permission.SettingsExtensions, "1002"))
}

func TestEffectiveSet_Contains_comparesNumbersVerbatim(t *testing.T) {
	t.Parallel()
	h := newFixture()
	for _, username := range []string{"jane", "john"} {
		u := newSubject()
		u.Permissions = permission.Permissions{permission.SMSNumbers: permission.Set("+4930123", "4930124")}
		h.users[username] = u
	}
	h.users["joan"] = newSubject()
	require.True(t, h.effective("jane").Contains(permission.SMSNumbers, "+4930123"))
	require.True(t, h.effective("john").Contains(permission.SMSNumbers, "+4930123"))
	require.False(t, h.effective("john").Contains(permission.SMSNumbers, "4930123"), "numbers are compared as they are written")
	require.False(t, h.effective("joan").Contains(permission.SMSNumbers, "+4930123"))
}

func TestEffectiveSet_Contains_ownExtensionMissing(t *testing.T) {
	t.Parallel()
	h := newFixture()
	jane := newSubject()
	jane.LinkedExtensions = []string{"1002"}
	jane.Permissions = permission.Permissions{permission.HistoryExtensions: permission.Set("linked")}
	h.users["jane"] = jane

	e := h.effective("jane")
	require.Equal(t, "none", e.Format(permission.SettingsExtensions))
	require.Equal(t, "1002", e.Format(permission.HistoryExtensions))
	require.False(t, e.Contains(permission.SettingsExtensions, ""))
	require.Equal(t, "Nothing (default: the user's own extension, of which there is none).",
		h.explain(t, permission.SettingsExtensions).Summary)
}

func TestEffectiveSet_Contains_anyMatchesEverything(t *testing.T) {
	t.Parallel()
	h := newFixture()
	jane := newSubject("1001")
	jane.Permissions = permission.Permissions{permission.SettingsExtensions: permission.Append("all", "1002")}
	h.users["jane"] = jane

	e := h.effective("jane")
	items, all := e.Values(permission.SettingsExtensions)
	require.True(t, all)
	require.Empty(t, items)
	require.True(t, e.Contains(permission.SettingsExtensions, "9999"))
	require.False(t, e.Contains(permission.SettingsExtensions, ""), "no list holds nothing")
	require.Equal(t, "all", e.Format(permission.SettingsExtensions))
	require.Equal(t, "Everything, because the setting of the user adds all extensions, and by default it is the user's own extension.",
		h.explain(t, permission.SettingsExtensions).Summary)
}

func TestEffectiveSet_Explain_listsGrantsInPrecedence(t *testing.T) {
	t.Parallel()
	h := newFixture()
	h.addGroup("Sales", 1, permission.Permissions{permission.XMPPLogin: permission.On(), permission.HistoryExtensions: permission.Set()})
	h.addGroup("Second", 2, permission.Permissions{permission.XMPPLogin: permission.Off()})
	jane := newSubject("1001")
	jane.Groups = []string{"Sales", "Second"}
	jane.Permissions = permission.Permissions{permission.PortalLogin: permission.Off()}
	h.users["jane"] = jane

	for permission, summary := range map[string]string{
		permission.XMPPLogin:          "On, because the group Sales sets it; it is off by default.",
		permission.PortalLogin:        "Off, because the setting of the user sets it; it is on by default.",
		permission.RESTUse:            "Off (default).",
		permission.SettingsExtensions: "1001 (default: the user's own extension).",
		permission.HistoryExtensions:  "Nothing, because the group Sales gives none; by default it is the user's own extension.",
		permission.ContactsGroups:     "Everything (default).",
	} {
		require.Equal(t, summary, h.explain(t, permission).Summary)
	}
	x := h.explain(t, permission.XMPPLogin)
	require.True(t, x.On)
	text, err := json.Marshal(x.Grants)
	require.NoError(t, err)
	require.JSONEq(t, `[
		{"layer": "group", "group": "Sales", "value": true, "applied": true},
		{"layer": "group", "group": "Second", "value": false, "applied": false},
		{"layer": "default", "value": false, "applied": false}
	]`, string(text))

	all := h.effective("jane").ExplainAll()
	require.Len(t, all, len(permission.Standard()))
	for i, p := range permission.Standard() {
		require.Equal(t, p, all[i].Permission)
	}
}

func TestEffectiveSet_ExplainEach_explainsAllWithoutIDs(t *testing.T) {
	t.Parallel()
	h := newFixture()
	h.users["jane"] = newSubject("1001")
	all := h.effective("jane").ExplainAll()
	each, err := h.effective("jane").ExplainEach()
	require.NoError(t, err)
	require.Equal(t, all, each)
	each, err = h.effective("jane").ExplainEach(all[1].Permission.ID, all[0].Permission.ID)
	require.NoError(t, err)
	require.Equal(t, []*permission.Explanation{all[1], all[0]}, each)
	_, err = h.effective("jane").ExplainEach(all[0].Permission.ID, "no.such")
	require.ErrorIs(t, err, store.ErrInvalid)
}

// Words of lists are for programs; people are told what they mean.
func TestEffectiveSet_Explain_describesKeywords(t *testing.T) {
	t.Parallel()
	h := newFixture()
	h.addGroup("Sales", 1, permission.Permissions{
		permission.SettingsExtensions: permission.Set("linked"), permission.VoicemailExtensions: permission.Append("self", "2001"),
		permission.SMSNumbers: permission.Set("all"), permission.PhoneAppsModules: permission.Set("all", "presence"),
		permission.ConferenceExtensions: permission.Append("linked"), permission.ContactsGroups: permission.Set(),
	})
	jane := newSubject()
	jane.Groups = []string{"Sales"}
	h.users["jane"] = jane

	for permission, summary := range map[string]string{
		permission.SettingsExtensions:   "Nothing, because the group Sales gives all extensions of the user, of which there are none; by default it is the user's own extension.",
		permission.VoicemailExtensions:  "2001, because the group Sales adds the user's own extension, 2001, and by default it is the user's own extension.",
		permission.SMSNumbers:           "Everything, because the group Sales gives all numbers; by default it is nothing.",
		permission.PhoneAppsModules:     "Everything, because the group Sales gives everything; by default it is nothing.",
		permission.ConferenceExtensions: "Nothing, because the group Sales adds all extensions of the user, of which there are none, and by default it is nothing.",
		permission.ContactsGroups:       "Nothing, because the group Sales gives none; by default it is everything.",
	} {
		require.Equal(t, summary, h.explain(t, permission).Summary)
	}
}

func TestEffectiveSet_Explain_truncatesLongSummary(t *testing.T) {
	t.Parallel()
	h := newFixture()
	jane := newSubject("1001")
	for _, letter := range "abcdefgh" {
		name := "Group " + string(letter)
		h.addGroup(name, 1, permission.Permissions{permission.HistoryExtensions: permission.Append("3", "4", "5", "6", "7", "8", "9")})
		jane.Groups = append(jane.Groups, name)
	}
	h.users["jane"] = jane
	const seven = "3, 4, 5, 6, 7 and 2 more"
	require.Equal(t, "1001, 3, 4, 5, 6 and 3 more, because the group Group a adds "+seven+", the group Group b adds "+seven+
		", the group Group c adds "+seven+", the group Group d adds "+seven+", 4 others add to it, and by default it is the user's own extension.",
		h.explain(t, permission.HistoryExtensions).Summary)
}

// A summary leaves out two or more, because their number is no shorter than one of them.
func TestEffectiveSet_Explain_namesAllButTwoOrMore(t *testing.T) {
	t.Parallel()
	h := newFixture()
	jane := newSubject()
	for group := range 6 {
		name := fmt.Sprintf("Group %d", group)
		h.addGroup(name, group, permission.Permissions{permission.ConferenceExtensions: permission.Append(strconv.Itoa(group))})
		jane.Groups = append(jane.Groups, name)
		h.users["jane"] = jane
		summary := h.explain(t, permission.ConferenceExtensions).Summary
		require.NotContains(t, summary, "more", "%d extensions", group+1)
		require.Equal(t, group == 5, strings.Contains(summary, ", 2 others add to it, and by default it is nothing."), summary)
		require.Equal(t, min(group+1, 5)-group/5, strings.Count(summary, "the group Group"), summary)
	}
}

func TestEffectiveSet_Explain_emptyDefaultIsNothing(t *testing.T) {
	t.Parallel()
	h := newFixture()
	h.users["jane"] = newSubject()
	require.Equal(t, "Nothing (default).", h.explain(t, permission.ConferenceExtensions).Summary)
}

func TestEffectiveSet_Explain_rejectsUnknownPermission(t *testing.T) {
	t.Parallel()
	h := newFixture()
	h.users["jane"] = newSubject("1001")
	e := h.effective("jane")
	for _, permission := range []string{"fax.send", "", "self"} {
		require.False(t, e.Enabled(permission))
		require.False(t, e.Contains(permission, "1001"))
		require.Empty(t, e.Format(permission))
		items, all := e.Values(permission)
		require.Empty(t, items)
		require.False(t, all)
		_, err := e.Explain(permission)
		requireFieldCode(t, err, "permission: unknown")
	}
	require.False(t, e.Enabled(permission.SettingsExtensions), "a list is not on")
	require.False(t, e.Contains(permission.PortalLogin, "1001"), "a switch lists nothing")
	items, all := e.Values(permission.PortalLogin)
	require.Empty(t, items)
	require.False(t, all)
}
