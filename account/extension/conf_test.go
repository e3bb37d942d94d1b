package extension_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/account/extension"
	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/memstore"
)

// render returns the text of the sections of a source.
func render(t *testing.T, source asteriskconf.Source) string {
	t.Helper()
	sections, err := source.Sections(t.Context(), asteriskconf.Target{})
	require.NoError(t, err)
	var b strings.Builder
	for _, section := range sections {
		b.WriteString("[" + section.Name + "]\n")
		for _, line := range section.Lines {
			require.NoError(t, dialect.CheckLine(line.Key, line.Value))
			b.WriteString(line.Key + " = " + line.Value + "\n")
		}
	}
	return b.String()
}

// storedExtensions returns the stores of the default team and of acme, which have
// extensions with known secrets.
func storedExtensions(t *testing.T) []extension.Store {
	t.Helper()
	db := memstore.New()
	stores := []extension.Store{db.Extensions(""), db.Extensions("acme")}
	for _, e := range []extension.Extension{
		{
			Number: "6001", Name: "Alice Doe", Codecs: []string{"g722", "alaw"}, NAT: true,
			Devices: []extension.Device{{Ordinal: 1, Secret: store.NewSecret("one")}, {Ordinal: 3, Secret: store.NewSecret("three")}},
		},
		{Number: "6009", Type: extension.TypeVirtual},
	} {
		require.NoError(t, stores[0].CreateExtension(t.Context(), &e))
	}
	require.NoError(t, stores[1].CreateExtension(t.Context(), &extension.Extension{
		Number: "6001", Codecs: []string{"opus"}, Transport: "tls", Devices: []extension.Device{{Ordinal: 1, Secret: store.NewSecret("acme's")}},
	}))
	return stores
}

func TestPJSIPSource_Sections_rendersDevices(t *testing.T) {
	t.Parallel()
	got := render(t, extension.NewPJSIPSource(storedExtensions(t), &extension.PJSIPSourceOptions{Realm: "pbx.example.com"}))
	require.Equal(t, `[6001]
type = endpoint
aors = 6001
auth = 6001
context = from-internal
disallow = all
allow = g722,alaw
direct_media = no
rtp_symmetric = yes
force_rport = yes
rewrite_contact = yes
callerid = "Alice Doe" <6001>
[6001]
type = auth
auth_type = userpass
realm = pbx.example.com
username = 6001
password = one
[6001]
type = aor
max_contacts = 1
remove_existing = yes
remove_unavailable = yes
qualify_frequency = 60
[6001-d3]
type = endpoint
aors = 6001-d3
auth = 6001-d3
context = from-internal
disallow = all
allow = g722,alaw
direct_media = no
rtp_symmetric = yes
force_rport = yes
rewrite_contact = yes
callerid = "Alice Doe" <6001>
[6001-d3]
type = auth
auth_type = userpass
realm = pbx.example.com
username = 6001-d3
password = three
[6001-d3]
type = aor
max_contacts = 1
remove_existing = yes
remove_unavailable = yes
qualify_frequency = 60
[acme-6001]
type = endpoint
aors = acme-6001
auth = acme-6001
context = acme-internal
disallow = all
allow = opus
direct_media = no
rtp_symmetric = no
force_rport = no
rewrite_contact = no
callerid = 6001
transport = tls
[acme-6001]
type = auth
auth_type = userpass
realm = pbx.example.com
username = acme-6001
password = acme's
[acme-6001]
type = aor
max_contacts = 1
remove_existing = yes
remove_unavailable = yes
qualify_frequency = 60
`, got)
}

func TestDialplanSource_Sections_rendersNumbers(t *testing.T) {
	t.Parallel()
	got := render(t, extension.NewDialplanSource(storedExtensions(t)...))
	require.Equal(t, `[from-internal]
exten = 6001,hint,PJSIP/6001&PJSIP/6001-d3
exten = 6001,1,Dial(${PJSIP_DIAL_CONTACTS(6001)}&${PJSIP_DIAL_CONTACTS(6001-d3)},20)
exten = 6001,2,Hangup(${IF($["${DIALSTATUS}" = "BUSY"]?17:20)})
exten = 6009,1,Hangup(20)
[acme-internal]
exten = 6001,hint,PJSIP/acme-6001
exten = 6001,1,Dial(${PJSIP_DIAL_CONTACTS(acme-6001)},20)
exten = 6001,2,Hangup(${IF($["${DIALSTATUS}" = "BUSY"]?17:20)})
`, got)
}
