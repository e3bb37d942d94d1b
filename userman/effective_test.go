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

// effective returns what somebody may do.
func (h *house) effective(t testing.TB, username string) *userman.Effective {
	t.Helper()
	e, err := h.Effective(t.Context(), username)
	require.NoError(t, err)
	return e
}

// explained returns what comes of a permission of jane, and why.
func (h *house) explained(t testing.TB, permission string) *userman.Explanation {
	t.Helper()
	x, err := h.effective(t, "jane").Explain(permission)
	require.NoError(t, err)
	return x
}

// ranked creates a group of that priority.
func (h *house) ranked(t testing.TB, name string, priority int, says userman.Permissions) {
	t.Helper()
	_, err := h.CreateGroup(t.Context(), &userman.Group{Name: name, Priority: priority, Permissions: says})
	require.NoError(t, err)
}

func TestStandardPermissionsHaveSentencesAndCautiousDefaults(t *testing.T) {
	t.Parallel()
	defaults := map[string]string{}
	for _, p := range newService(t).Permissions() {
		require.Regexp(t, `^(May|Is) .*\.$`, p.Sentence, p.ID)
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

func TestThePersonGoesBeforeGroupsAndTheFirstGroupBeforeOthers(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.ranked(t, "support", 20, userman.Permissions{userman.XMPPLogin: userman.Off(), userman.RESTUse: userman.Off()})
	h.ranked(t, "Sales", 20, userman.Permissions{userman.XMPPLogin: userman.On()})
	h.ranked(t, "Everybody", 90, userman.Permissions{userman.RESTUse: userman.On(), userman.PortalLogin: userman.Off()})
	jane := person("jane", "1001")
	jane.Groups = []string{"Everybody", "support", "Sales"}
	jane.Permissions = userman.Permissions{userman.PortalLogin: userman.On()}
	h.add(t, jane, "")

	e := h.effective(t, "JANE")
	require.True(t, e.Can(userman.PortalLogin), "said of the person")
	require.True(t, e.Can(userman.XMPPLogin), "Sales comes before support: the same priority, and the name")
	require.False(t, e.Can(userman.RESTUse), "support comes before Everybody, by priority")
	require.Equal(t, "on", e.Words(userman.XMPPLogin))
	require.Equal(t, "off", e.Words(userman.RESTUse))
}

func TestAListIsReplacedOrExtended(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.ranked(t, "First", 1, userman.Permissions{userman.VoicemailExtensions: userman.Extend("2001")})
	h.ranked(t, "Second", 2, userman.Permissions{userman.VoicemailExtensions: userman.Replace("linked", "2002")})
	h.ranked(t, "Third", 3, userman.Permissions{userman.VoicemailExtensions: userman.Replace("2003")})
	jane := person("jane", "1001", "1009")
	jane.Groups = []string{"First", "Second", "Third"}
	jane.Permissions = userman.Permissions{userman.VoicemailExtensions: userman.Extend("2000")}
	h.add(t, jane, "")

	items, all := h.effective(t, "jane").Items(userman.VoicemailExtensions)
	require.Equal(t, []string{"1001", "1009", "2000", "2001", "2002"}, items)
	require.False(t, all)
	x := h.explained(t, userman.VoicemailExtensions)
	counts := []bool{}
	for _, source := range x.Sources {
		counts = append(counts, source.Counts)
	}
	require.Equal(t, []bool{true, true, true, false, false}, counts)
	require.Equal(t, "1001, 1009, 2000, 2001, 2002, because what is set for this person adds 2000, the group First adds 2001, and "+
		"the group Second gives all extensions of the person, 2002; by default it is the person's own extension.", x.Sentence)
}

func TestAPersonMayReachTheVoicemailOfThreeOthers(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := person("jane", "1001")
	jane.Permissions = userman.Permissions{userman.VoicemailExtensions: userman.Extend("1002", "1003", "1004")}
	h.add(t, jane, "")

	e := h.effective(t, "jane")
	for _, extension := range []string{"1001", "1002", "1003", "1004"} {
		require.True(t, e.Allows(userman.VoicemailExtensions, extension))
	}
	require.False(t, e.Allows(userman.VoicemailExtensions, "1005"))
	require.False(t, e.Allows(userman.VoicemailExtensions, ""))
	require.False(t, e.Allows(userman.VoicemailExtensions, "self"))
	require.False(t, e.Allows(userman.SettingsExtensions, "1002"))
}

func TestTextMessagesGoToThosePeopleWhoHaveTheNumber(t *testing.T) {
	t.Parallel()
	h := newService(t)
	for _, username := range []string{"jane", "john"} {
		u := person(username)
		u.Permissions = userman.Permissions{userman.SMSNumbers: userman.Replace("+4930123", "4930124")}
		h.add(t, u, "")
	}
	h.add(t, person("joan"), "")
	require.True(t, h.effective(t, "jane").Allows(userman.SMSNumbers, "+4930123"))
	require.True(t, h.effective(t, "john").Allows(userman.SMSNumbers, "+4930123"))
	require.False(t, h.effective(t, "john").Allows(userman.SMSNumbers, "4930123"), "numbers are compared as they are written")
	require.False(t, h.effective(t, "joan").Allows(userman.SMSNumbers, "+4930123"))
}

func TestSelfIsNothingWithoutADefaultExtension(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := person("jane")
	jane.LinkedExtensions = []string{"1002"}
	jane.Permissions = userman.Permissions{userman.HistoryExtensions: userman.Replace("linked")}
	h.add(t, jane, "")

	e := h.effective(t, "jane")
	require.Equal(t, "none", e.Words(userman.SettingsExtensions))
	require.Equal(t, "1002", e.Words(userman.HistoryExtensions))
	require.False(t, e.Allows(userman.SettingsExtensions, ""))
	require.Equal(t, "Nothing, because nobody says anything about it, and by default it is the person's own extension, of which there is none.",
		h.explained(t, userman.SettingsExtensions).Sentence)
}

func TestAllIsEverything(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := person("jane", "1001")
	jane.Permissions = userman.Permissions{userman.SettingsExtensions: userman.Extend("all", "1002")}
	h.add(t, jane, "")

	e := h.effective(t, "jane")
	items, all := e.Items(userman.SettingsExtensions)
	require.True(t, all)
	require.Empty(t, items)
	require.True(t, e.Allows(userman.SettingsExtensions, "9999"))
	require.False(t, e.Allows(userman.SettingsExtensions, ""), "no list holds nothing")
	require.Equal(t, "all", e.Words(userman.SettingsExtensions))
	require.Equal(t, "Everything, because what is set for this person adds all extensions, and by default it is the person's own extension.",
		h.explained(t, userman.SettingsExtensions).Sentence)
}

func TestAPermissionSaysWhyItIsAsItIs(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.ranked(t, "Sales", 1, userman.Permissions{userman.XMPPLogin: userman.On(), userman.HistoryExtensions: userman.Replace()})
	h.ranked(t, "Second", 2, userman.Permissions{userman.XMPPLogin: userman.Off()})
	jane := person("jane", "1001")
	jane.Groups = []string{"Sales", "Second"}
	jane.Permissions = userman.Permissions{userman.PortalLogin: userman.Off()}
	h.add(t, jane, "")

	for permission, sentence := range map[string]string{
		userman.XMPPLogin:          "On, because the group Sales says so; it is off by default.",
		userman.PortalLogin:        "Off, because what is set for this person says so; it is on by default.",
		userman.RESTUse:            "Off, because nobody says anything about it, and it is off by default.",
		userman.SettingsExtensions: "1001, because nobody says anything about it, and by default it is the person's own extension.",
		userman.HistoryExtensions:  "Nothing, because the group Sales gives none; by default it is the person's own extension.",
		userman.ContactsGroups:     "Everything, because nobody says anything about it, and by default it is everything.",
	} {
		require.Equal(t, sentence, h.explained(t, permission).Sentence)
	}
	x := h.explained(t, userman.XMPPLogin)
	require.True(t, x.On)
	text, err := json.Marshal(x.Sources)
	require.NoError(t, err)
	require.JSONEq(t, `[
		{"origin": "group", "group": "Sales", "value": true, "counts": true},
		{"origin": "group", "group": "Second", "value": false, "counts": false},
		{"origin": "default", "value": false, "counts": false}
	]`, string(text))

	all := h.effective(t, "jane").ExplainAll()
	require.Len(t, all, len(h.Permissions()))
	for i, p := range h.Permissions() {
		require.Equal(t, p, all[i].Permission)
	}
}

// Words of lists are for programs; people are told what they mean.
func TestAnExplanationSaysWhatTheWordsOfAListMean(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.ranked(t, "Sales", 1, userman.Permissions{
		userman.SettingsExtensions: userman.Replace("linked"), userman.VoicemailExtensions: userman.Extend("self", "2001"),
		userman.SMSNumbers: userman.Replace("all"), userman.PhoneAppsModules: userman.Replace("all", "presence"),
		userman.ConferenceExtensions: userman.Extend("linked"), userman.ContactsGroups: userman.Replace(),
	})
	nobody := person("jane")
	nobody.Groups = []string{"Sales"}
	h.add(t, nobody, "")

	for permission, sentence := range map[string]string{
		userman.SettingsExtensions:   "Nothing, because the group Sales gives all extensions of the person, of which there are none; by default it is the person's own extension.",
		userman.VoicemailExtensions:  "2001, because the group Sales adds the person's own extension, 2001, and by default it is the person's own extension.",
		userman.SMSNumbers:           "Everything, because the group Sales gives all numbers; by default it is nothing.",
		userman.PhoneAppsModules:     "Everything, because the group Sales gives everything; by default it is nothing.",
		userman.ConferenceExtensions: "Nothing, because the group Sales adds all extensions of the person, of which there are none, and by default it is nothing.",
		userman.ContactsGroups:       "Nothing, because the group Sales gives none; by default it is everything.",
	} {
		require.Equal(t, sentence, h.explained(t, permission).Sentence)
	}
}

func TestALongExplanationIsShortened(t *testing.T) {
	t.Parallel()
	h := newService(t)
	jane := person("jane", "1001")
	for _, letter := range "abcdefgh" {
		name := "Group " + string(letter)
		h.ranked(t, name, 1, userman.Permissions{userman.HistoryExtensions: userman.Extend("3", "4", "5", "6", "7", "8", "9")})
		jane.Groups = append(jane.Groups, name)
	}
	h.add(t, jane, "")
	const seven = "3, 4, 5, 6, 7 and 2 more"
	require.Equal(t, "1001, 3, 4, 5, 6 and 3 more, because the group Group a adds "+seven+", the group Group b adds "+seven+
		", the group Group c adds "+seven+", the group Group d adds "+seven+", 4 others add to it, and by default it is the person's own extension.",
		h.explained(t, userman.HistoryExtensions).Sentence)
}

func TestThereIsNothingToSayOfAnUnknownPermission(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.add(t, person("jane", "1001"), "")
	e := h.effective(t, "jane")
	for _, permission := range []string{"fax.send", "", "self"} {
		require.False(t, e.Can(permission))
		require.False(t, e.Allows(permission, "1001"))
		require.Empty(t, e.Words(permission))
		items, all := e.Items(permission)
		require.Empty(t, items)
		require.False(t, all)
		_, err := e.Explain(permission)
		requireFields(t, err, "permission: unknown")
	}
	require.False(t, e.Can(userman.SettingsExtensions), "a list is not on")
	require.False(t, e.Allows(userman.PortalLogin, "1001"), "a switch lists nothing")
	items, all := e.Items(userman.PortalLogin)
	require.Empty(t, items)
	require.False(t, all)

	_, err := h.Effective(t.Context(), "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)
}

func TestAProductAddsPermissionsOfItsOwn(t *testing.T) {
	t.Parallel()
	h := newService(t, func(o *userman.Options) {
		o.Permissions = []userman.Permission{
			{ID: "fax.send", Kind: userman.Switch, Default: userman.On(), Sentence: "May send faxes."},
			{ID: userman.PortalLogin, Default: userman.Off()},
		}
	})
	h.add(t, person("jane", "1001"), "")
	e := h.effective(t, "jane")
	require.True(t, e.Can("fax.send"))
	require.False(t, e.Can(userman.PortalLogin))
	h.Permissions()[0].Default = userman.On()
	require.False(t, h.effective(t, "jane").Can(userman.PortalLogin), "the list is a copy")
}

func TestWhatAPersonMayDoDoesNotChangeUnderOnesHands(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.group(t, "Sales", userman.Permissions{userman.XMPPLogin: userman.On()})
	jane := person("jane", "1001", "1002")
	jane.Groups = []string{"Sales"}
	h.add(t, jane, "")
	policies, err := h.Policies(t.Context())
	require.NoError(t, err)
	u := h.get(t, "jane")
	e := policies.Of(u)
	u.LinkedExtensions[0], u.Permissions[userman.XMPPLogin], u.Groups[0] = "6666", userman.Off(), "gone"
	_, err = h.UpdateGroup(t.Context(), "Sales", func(g *userman.Group) error {
		g.Permissions[userman.XMPPLogin] = userman.Off()
		return nil
	})
	require.NoError(t, err)

	require.True(t, e.Can(userman.XMPPLogin))
	require.False(t, h.effective(t, "jane").Can(userman.XMPPLogin), "loaded again, it shows the change")
}

func TestGroupsOfATransactionThatIsUndoneAreForgotten(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceOver(t, open(t), "")
			h.group(t, "Sales", userman.Permissions{})
			jane := person("jane")
			jane.Groups = []string{"Sales"}
			h.add(t, jane, "")
			undone := errors.New("undone")
			err := h.store.Atomically(t.Context(), func(ctx context.Context) error {
				_, err := h.UpdateGroup(ctx, "Sales", func(g *userman.Group) error {
					g.Permissions[userman.XMPPLogin] = userman.On()
					return nil
				})
				require.NoError(t, err)
				e, err := h.Effective(ctx, "jane")
				require.NoError(t, err)
				require.True(t, e.Can(userman.XMPPLogin), "inside, it counts")
				return undone
			})
			require.ErrorIs(t, err, undone)
			require.False(t, h.effective(t, "jane").Can(userman.XMPPLogin))
		})
	}
}
