package permission_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
)

func TestPermissions_Edit_appliesChangesInOrder(t *testing.T) {
	t.Parallel()
	before := permission.Permissions{permission.XMPPLogin: permission.On()}
	for _, test := range []struct {
		changes, want []string
		errors        []string
	}{
		{nil, []string{"xmpp.login=on"}, nil},
		{[]string{"xmpp.login="}, nil, nil},
		{[]string{"portal.login=on"}, []string{"portal.login=on", "xmpp.login=on"}, nil}, // the first of the registry
		{[]string{"", " rest.use = OFF "}, []string{"rest.use=off"}, nil},
		{[]string{"voicemail.extensions=+ 4005", "xmpp.login=off"}, []string{"voicemail.extensions=+ 4005", "xmpp.login=off"}, nil},
		{[]string{"sms.numbers=+90,+0"}, []string{"sms.numbers=+0, +90", "xmpp.login=on"}, nil}, // numbers; a blank after + appends
		{[]string{"sms.numbers=+ 90"}, []string{"sms.numbers=+ 90", "xmpp.login=on"}, nil},
		{[]string{"voicemail.extensions=none"}, []string{"voicemail.extensions=none", "xmpp.login=on"}, nil},
		{[]string{"no.such=1"}, []string{"no.such=off", "xmpp.login=on"}, nil},
		{[]string{"nonsense", "=on"}, []string{"xmpp.login=on"}, []string{"permissions[0] " + store.CodeSyntax, "permissions[1] " + store.CodeSyntax}},
	} {
		after, errs := before.Edit(permission.Standard(), test.changes)
		require.Equal(t, test.want, after.Texts(), test.changes)
		var found []string
		for _, e := range errs {
			found = append(found, e.Field+" "+e.Code)
		}
		require.Equal(t, test.errors, found, test.changes)
	}
	_, errs := before.Edit(permission.Standard(), []string{"xmpp.login=perhaps"})
	require.Len(t, errs, 1)
	require.Equal(t, "permissions.xmpp.login", errs[0].Field)
}

func FuzzPermissions_Edit(f *testing.F) {
	for _, seed := range []string{"", "=", "xmpp.login=on", "xmpp.login=", "voicemail.extensions=+ 1,2", "sms.numbers=+49,+50", "a=b=c", "xmpp.login=\x00", " rest.use = OFF "} {
		f.Add(seed)
	}
	registry := permission.Standard()
	f.Fuzz(func(t *testing.T, text string) {
		before := permission.Permissions{permission.XMPPLogin: permission.On()}
		after, errs := before.Edit(registry, []string{text})
		require.Len(t, before, 1, "the grants are not changed")
		if len(errs) == 0 && text != "" {
			id, written, _ := strings.Cut(text, "=")
			_, granted := after[strings.TrimSpace(id)]
			require.Equal(t, strings.TrimSpace(written) != "", granted)
		}
		for id, value := range after {
			for _, p := range registry {
				if p.ID == id && len(errs) == 0 {
					require.Equal(t, p.Kind != permission.KindBool, value.IsList(), "a value is of the kind of its permission")
				}
			}
		}
	})
}

func TestPermissions_Merge_appliesMergePatch(t *testing.T) {
	t.Parallel()
	before := permission.Permissions{permission.XMPPLogin: permission.On()}
	for _, test := range []struct {
		patch        string
		want, errors []string
	}{
		{`null`, nil, nil},
		{`{}`, []string{"xmpp.login=on"}, nil},
		{`{"xmpp.login": null, "rest.use": true}`, []string{"rest.use=on"}, nil},
		{`{"voicemail.extensions": {"append": ["4005"]}}`, []string{"voicemail.extensions=+ 4005", "xmpp.login=on"}, nil},
		{`{"no.such": "x"}`, []string{"no.such=off", "xmpp.login=on"}, nil},
		{`{"xmpp.login": "perhaps", "rest.use": 1}`, []string{"xmpp.login=on"}, []string{"permissions.rest.use value", "permissions.xmpp.login value"}},
	} {
		var patch map[string]any
		require.NoError(t, json.Unmarshal([]byte(test.patch), &patch))
		after, errs := before.Merge(permission.Standard(), patch)
		require.Equal(t, test.want, after.Texts(), test.patch)
		var found []string
		for _, e := range errs {
			found = append(found, e.Field+" "+e.Code)
		}
		require.Equal(t, test.errors, found, test.patch)
	}
	require.Equal(t, permission.Permissions{permission.XMPPLogin: permission.On()}, before, "other copies share the map")
}
