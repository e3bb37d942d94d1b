package userman_test

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/permission"
)

// extensionAccounts are the SIP accounts of extensions.
type extensionAccounts map[string]*userman.SIPAccount

func (p extensionAccounts) SIPAccount(_ context.Context, extension string) (*userman.SIPAccount, error) {
	switch account, ok := p[extension]; {
	case extension == "1999":
		return nil, errors.New("the database of extensions is down")
	case !ok:
		return nil, &store.NotFoundError{Kind: "extension"}
	default:
		return account, nil
	}
}

const sipSecret = "s3cr3t-of-1001"

func newSIPAccount() *userman.SIPAccount {
	return &userman.SIPAccount{
		Technology: "PJSIP", Username: "1001", Secret: secret(sipSecret), Domain: "pbx.example.com", Port: 5061, Transport: "tls",
		DisplayName: "Jane Doe", Voicemail: "*97",
	}
}

func withTestSIPAccounts(o *userman.Options) {
	old := newSIPAccount()
	old.Technology = "SIP"
	o.SIPAccounts = extensionAccounts{"1001": newSIPAccount(), "1002": old}
}

func TestSoftphoneService_Activate_succeedsOnce(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "", withTestSIPAccounts, withBaseURL(t, "https://pbx.example.com"))
			jane := h.createUser(t, newUser("jane", "1001"), goodPassword)
			older, err := h.Softphones().Invite(t.Context(), "jane")
			require.NoError(t, err)
			link, err := h.Softphones().Invite(t.Context(), "JANE")
			require.NoError(t, err)
			require.Equal(t, "https://pbx.example.com/softphone/"+link.Token.Reveal(), link.URL.Reveal())
			require.Equal(t, h.clock.Now().Add(7*24*time.Hour), link.ExpiresAt)
			_, err = h.Softphones().Activate(t.Context(), older.Token)
			requireLinkNotFound(t, err)
			_, err = h.Invitation(t.Context(), link.Token)
			requireLinkNotFound(t, err)

			for range 2 {
				got, err := h.Softphones().Link(t.Context(), link.Token)
				require.NoError(t, err)
				require.Equal(t, &credential.Link{UserID: jane.ID, Username: "jane", ExpiresAt: link.ExpiresAt}, got)
			}
			activation, err := h.Softphones().Activate(t.Context(), link.Token)
			require.NoError(t, err)
			want := newSIPAccount()
			want.AuthUsername = "1001"
			require.Equal(t, &userman.Activation{Username: "jane", Account: want}, activation)
			require.Equal(t, "succeeded activate softphone jane", h.lastAuditEntry(t))
			_, err = h.Softphones().Activate(t.Context(), link.Token)
			requireLinkNotFound(t, err)
			_, err = h.Softphones().Link(t.Context(), link.Token)
			requireLinkNotFound(t, err)
			h.logIn(t, "jane", goodPassword)
			h.requireAuditIntact(t)
		})
	}
}

func TestSoftphoneService_Activate_succeedsOnceConcurrently(t *testing.T) {
	t.Parallel()
	for name, open := range backends() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newServiceWithDB(t, open(t), "", withTestSIPAccounts)
			h.createUser(t, newUser("jane", "1001"), "")
			link, err := h.Softphones().Invite(t.Context(), "jane")
			require.NoError(t, err)
			succeeded := 0
			for _, err := range runConcurrently(20, func(int) error {
				_, err := h.Softphones().Activate(t.Context(), link.Token)
				return err
			}) {
				if err == nil {
					succeeded++
					continue
				}
				requireLinkNotFound(t, err)
			}
			require.Equal(t, 1, succeeded)
			h.requireAuditIntact(t)
		})
	}
}

// What administrators report as "Sangoma Connect activation fails".
func TestSoftphoneService_Invite_requiresPJSIPDefaultExtension(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(u *userman.User)
		says   string
	}{
		"no default extension":   {func(u *userman.User) { u.DefaultExtension = "" }, "the user has no default extension; set"},
		"linked extensions only": {func(u *userman.User) { u.DefaultExtension, u.LinkedExtensions = "", []string{"1001"} }, "the user has no default extension; set"},
		"another technology":     {func(u *userman.User) { u.DefaultExtension = "1002" }, "is not of the type PJSIP; set one that is"},
		"no such extension":      {func(u *userman.User) { u.DefaultExtension = "1003" }, "does not exist any more; set another one"},
		"not permitted": {
			func(u *userman.User) {
				u.Permissions = permission.Permissions{permission.SoftphoneActivate: permission.Off()}
			},
			"the permission softphone.activate is off; turn it on",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newService(t, withTestSIPAccounts)
			h.createUser(t, newUser("jane", "1001"), "")
			link, err := h.Softphones().Invite(t.Context(), "jane")
			require.NoError(t, err)
			before := h.get(t, "jane")
			h.update(t, "jane", test.change)

			_, err = h.Softphones().Invite(t.Context(), "jane")
			requireConflict(t, err, test.says)
			require.Equal(t, "denied invite softphone jane: conflict", h.lastAuditEntry(t))
			_, err = h.Softphones().Activate(t.Context(), link.Token)
			requireConflict(t, err, test.says)
			require.Equal(t, "denied activate softphone jane: conflict", h.lastAuditEntry(t))

			h.update(t, "jane", func(u *userman.User) {
				u.DefaultExtension, u.LinkedExtensions, u.Permissions = before.DefaultExtension, nil, nil
			})
			_, err = h.Softphones().Activate(t.Context(), link.Token)
			require.NoError(t, err, "the refusal did not spend the link")
		})
	}
}

func TestSoftphoneService_Invite_requiresSIPAccounts(t *testing.T) {
	t.Parallel()
	h := newService(t)
	h.createUser(t, newUser("jane", "1001"), "")
	_, err := h.Softphones().Invite(t.Context(), "jane")
	requireConflict(t, err, "does not know the SIP accounts of extensions; set the softphone up by hand")
	_, err = h.Softphones().Invite(t.Context(), "nobody")
	require.ErrorIs(t, err, store.ErrNotFound)

	failing := newService(t, withTestSIPAccounts)
	failing.createUser(t, newUser("jane", "1999"), "")
	_, err = failing.Softphones().Invite(t.Context(), "jane")
	require.EqualError(t, err, "the database of extensions is down")
}

func TestSoftphoneService_Activate_rejectsExpiredOrRevokedLink(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end  func(ctx context.Context, h *env) error
		want func(t testing.TB, err error)
	}{
		"expired":  {func(_ context.Context, h *env) error { h.clock.Advance(7 * 24 * time.Hour); return nil }, requireLinkExpired},
		"disabled": {func(ctx context.Context, h *env) error { _, err := h.Disable(ctx, "jane"); return err }, requireLinkNotFound},
		"deleted":  {func(ctx context.Context, h *env) error { return h.Delete(ctx, "jane") }, requireLinkNotFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newService(t, withTestSIPAccounts)
			h.createUser(t, newUser("jane", "1001"), "")
			link, err := h.Softphones().Invite(t.Context(), "jane")
			require.NoError(t, err)
			require.NoError(t, test.end(t.Context(), h))
			_, err = h.Softphones().Link(t.Context(), link.Token)
			test.want(t, err)
			_, err = h.Softphones().Activate(t.Context(), link.Token)
			test.want(t, err)
		})
	}
}

// The SIP account of one extension is not handed out for a link of another one.
func TestSoftphoneService_Activate_rejectsConcurrentExtensionChange(t *testing.T) {
	t.Parallel()
	h := newService(t, withTestSIPAccounts)
	h.createUser(t, newUser("jane", "1001"), "")
	link, err := h.Softphones().Invite(t.Context(), "jane")
	require.NoError(t, err)
	svc := h.withTxHook(func() { h.update(t, "jane", func(u *userman.User) { u.DefaultExtension = "1005" }) }, withTestSIPAccounts)
	_, err = svc.Softphones().Activate(t.Context(), link.Token)
	requireConflict(t, err, "changed during the request")
}

// The permission counts as of the moment at which the link is used up.
func TestSoftphoneService_Activate_rejectsPermissionLostConcurrently(t *testing.T) {
	t.Parallel()
	h := newService(t, withTestSIPAccounts)
	h.createUser(t, newUser("jane", "1001"), "")
	link, err := h.Softphones().Invite(t.Context(), "jane")
	require.NoError(t, err)
	svc := h.withTxHook(func() {
		h.update(t, "jane", func(u *userman.User) {
			u.Permissions = permission.Permissions{permission.SoftphoneActivate: permission.Off()}
		})
	}, withTestSIPAccounts)
	activation, err := svc.Softphones().Activate(t.Context(), link.Token)
	requireConflict(t, err, permission.SoftphoneActivate)
	require.Nil(t, activation)
	_, err = h.Softphones().Link(t.Context(), link.Token)
	require.NoError(t, err, "the link is not used up")
}

// The secret is in what the softphone is given, and nowhere else.
func TestActivation_exposesSecretInDocumentsOnly(t *testing.T) {
	t.Parallel()
	h := newService(t, withTestSIPAccounts)
	h.createUser(t, newUser("jane", "1001"), "")
	link, err := h.Softphones().Invite(t.Context(), "jane")
	require.NoError(t, err)
	a, err := h.Softphones().Activate(t.Context(), link.Token)
	require.NoError(t, err)
	text, err := json.Marshal(a)
	require.NoError(t, err)
	shown := []string{fmt.Sprintf("%v %+v %#v %s %v %+v", a, a, *a, text, a.Account, *a.Account)}
	for _, e := range h.entries(t, audit.Query{}) {
		shown = append(shown, fmt.Sprintf("%+v %s %s", e, e.Before, e.After))
	}
	for _, text := range shown {
		require.NotContains(t, text, sipSecret)
		require.NotContains(t, text, link.Token.Reveal())
	}

	text, err = a.JSON()
	require.NoError(t, err)
	require.JSONEq(t, `{"username":"jane","account":{"username":"1001","auth_username":"1001","secret":"s3cr3t-of-1001",
		"domain":"pbx.example.com","port":5061,"transport":"tls","display_name":"Jane Doe","voicemail":"*97"}}`, string(text))
	text, err = a.Linphone()
	require.NoError(t, err)
	require.Contains(t, string(text), sipSecret)
}

// parseLinphone reads a document of Linphone: values by "section/key".
func parseLinphone(t require.TestingT, text []byte) map[string]string {
	var document struct {
		XMLName  xml.Name `xml:"http://www.linphone.org/xsds/lpconfig.xsd config"`
		Sections []struct {
			Name    string `xml:"name,attr"`
			Entries []struct {
				Name      string `xml:"name,attr"`
				Overwrite string `xml:"overwrite,attr"`
				Value     string `xml:",chardata"`
			} `xml:"entry"`
		} `xml:"section"`
	}
	require.NoError(t, xml.Unmarshal(text, &document))
	values := map[string]string{}
	for _, section := range document.Sections {
		for _, entry := range section.Entries {
			require.Equal(t, "true", entry.Overwrite)
			values[section.Name+"/"+entry.Name] = entry.Value
		}
	}
	return values
}

func TestActivation_Linphone_writesAllEntries(t *testing.T) {
	t.Parallel()
	account := newSIPAccount()
	account.AuthUsername = "auth-1001"
	text, err := (&userman.Activation{Username: "jane", Account: account}).Linphone()
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"misc/transient_provisioning": "1",
		"sip/default_proxy":           "0",
		"proxy_0/reg_proxy":           "<sip:pbx.example.com:5061;transport=tls>",
		"proxy_0/reg_route":           "<sip:pbx.example.com:5061;transport=tls>",
		"proxy_0/reg_identity":        `"Jane Doe" <sip:1001@pbx.example.com>`,
		"proxy_0/reg_expires":         "3600",
		"proxy_0/reg_sendregister":    "1",
		"auth_info_0/username":        "1001",
		"auth_info_0/userid":          "auth-1001",
		"auth_info_0/passwd":          sipSecret,
		"auth_info_0/domain":          "pbx.example.com",
	}, parseLinphone(t, text))
}

func TestActivation_Linphone_bracketsIPv6Domain(t *testing.T) {
	t.Parallel()
	account := &userman.SIPAccount{Username: "1001", AuthUsername: "1001", Secret: secret(sipSecret), Domain: "2001:db8::1", Transport: "udp"}
	text, err := (&userman.Activation{Account: account}).Linphone()
	require.NoError(t, err)
	values := parseLinphone(t, text)
	require.Equal(t, "<sip:[2001:db8::1];transport=udp>", values["proxy_0/reg_proxy"])
	require.Equal(t, "<sip:1001@[2001:db8::1]>", values["proxy_0/reg_identity"])
	require.Equal(t, "2001:db8::1", values["auth_info_0/domain"])
}

// Whatever a display name holds, it stands in its quotes, on its line, and
// changes nothing else of the document.
func TestActivation_Linphone_quotesDisplayName(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		account := newSIPAccount()
		account.DisplayName = rapid.OneOf(
			rapid.String(),
			rapid.SampledFrom([]string{`Jane" <sip:evil@example.net>`, "Jane\r\nreg_proxy=<sip:evil>", `back\slash"`, "</entry><entry>", "]]>", "\x00\x1b[31m", "张伟", "\xff\xfe", `\`}),
		).Draw(rt, "name")
		text, err := (&userman.Activation{Account: account}).Linphone()
		require.NoError(rt, err)
		values := parseLinphone(rt, text)
		require.Len(rt, values, 11)
		require.Regexp(rt, `^("([^"\\]|\\["\\])*" )?<sip:1001@pbx\.example\.com>$`, values["proxy_0/reg_identity"])
		require.NotRegexp(rt, `[[:cntrl:]]`, values["proxy_0/reg_identity"])
	})
}

func TestActivation_Linphone_rejectsControlCharacters(t *testing.T) {
	t.Parallel()
	for name, corrupt := range map[string]func(a *userman.SIPAccount){
		"username":      func(a *userman.SIPAccount) { a.Username = "1001\n[x]" },
		"auth_username": func(a *userman.SIPAccount) { a.AuthUsername = "\x00" },
		"secret":        func(a *userman.SIPAccount) { a.Secret = secret("se\ncret") },
		"domain":        func(a *userman.SIPAccount) { a.Domain = "pbx\r" },
		"transport":     func(a *userman.SIPAccount) { a.Transport = "\xff" },
	} {
		account := newSIPAccount()
		corrupt(account)
		_, err := (&userman.Activation{Account: account}).Linphone()
		requireConflict(t, err, "the "+name+" of the SIP account")
		require.NotContains(t, err.Error(), "se\ncret")
	}
	nothing := &userman.SIPAccount{Username: "\n", AuthUsername: "\n", Secret: secret("\n"), Domain: "\n", Transport: "\n"}
	_, err := (&userman.Activation{Account: nothing}).Linphone()
	requireConflict(t, err, "the username of the SIP account")
}

// What means something in an address is written so that it does not.
func TestActivation_Linphone_escapesUsernameInURI(t *testing.T) {
	t.Parallel()
	account := newSIPAccount()
	account.Username, account.DisplayName = "jane doe@x;y>", ""
	text, err := (&userman.Activation{Account: account}).Linphone()
	require.NoError(t, err)
	values := parseLinphone(t, text)
	require.Equal(t, "<sip:jane%20doe%40x%3By%3E@pbx.example.com>", values["proxy_0/reg_identity"])
	require.Equal(t, "jane doe@x;y>", values["auth_info_0/username"])
}

func TestSoftphoneService_Activate_invalidAccountKeepsLink(t *testing.T) {
	t.Parallel()
	accounts := sipAccounts{"1001": {Technology: "PJSIP", Username: "1001", Domain: "pbx.example.com"}}
	h := newService(t, withSIPAccounts(accounts))
	h.createUser(t, newUser("jane", "1001"), "")
	link, err := h.Softphones().Invite(t.Context(), "jane")
	require.NoError(t, err)
	accounts["1001"] = userman.SIPAccount{Technology: "PJSIP", Username: "1001\n", Domain: "pbx.example.com"}
	_, err = h.Softphones().Activate(t.Context(), link.Token)
	require.ErrorIs(t, err, store.ErrConflict)
	_, err = h.Softphones().Link(t.Context(), link.Token)
	require.NoError(t, err)
}
