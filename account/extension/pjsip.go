package extension

import (
	"cmp"
	"context"
	"strconv"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// PJSIPFileName is the file of a [PJSIPSource].
const PJSIPFileName = "pbxusers_pjsip.conf"

// DefaultRealm is the realm of a [PJSIPSource] without one: that of Asterisk.
const DefaultRealm = "asterisk"

// qualifyFrequency is the time in seconds after which Asterisk asks a device again
// whether it is there.
const qualifyFrequency = 60

// PJSIPSource renders the devices of the extensions of one or more teams into
// pbxusers_pjsip.conf and verifies them. It implements [asteriskconf.Source].
type PJSIPSource struct {
	stores []Store
	realm  string
}

var (
	_ asteriskconf.Source  = (*PJSIPSource)(nil)
	_ asteriskconf.Revoker = (*PJSIPSource)(nil)
)

// PJSIPSourceOptions are the options of [NewPJSIPSource].
type PJSIPSourceOptions struct {
	// Realm is the realm of the digest authentication, which devices can show. Default
	// [DefaultRealm].
	Realm string
}

// NewPJSIPSource returns a source for the extensions of the teams of stores. nil options
// mean the defaults.
func NewPJSIPSource(stores []Store, opts *PJSIPSourceOptions) *PJSIPSource {
	if opts == nil {
		opts = &PJSIPSourceOptions{}
	}
	return &PJSIPSource{stores: stores, realm: cmp.Or(opts.Realm, DefaultRealm)}
}

// File describes pbxusers_pjsip.conf.
func (s *PJSIPSource) File() asteriskconf.File {
	return asteriskconf.File{
		Name: PJSIPFileName, Parent: "pjsip.conf", Module: "res_pjsip.so", SecretKeys: []string{"password"},
		UniqueSections: true, RepeatSections: true,
	}
}

// Sections renders three sections for each device: its endpoint, its auth and its aor,
// all with the name of [Endpoint].
func (s *PJSIPSource) Sections(ctx context.Context, _ asteriskconf.Target) ([]dialect.Section, error) {
	var sections []dialect.Section
	for _, st := range s.stores {
		err := st.EachExtension(ctx, func(e *Extension) error {
			for i := range e.Devices {
				sections = append(sections, s.deviceSections(st.Team(), e, &e.Devices[i])...)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return sections, nil
}

func (s *PJSIPSource) deviceSections(team string, e *Extension, d *Device) []dialect.Section {
	name := Endpoint(team, e.Number, d.Ordinal)
	return []dialect.Section{
		{Name: name, Lines: endpointLines(team, name, e)},
		{Name: name, Lines: []dialect.Line{
			{Key: "type", Value: "auth"},
			{Key: "auth_type", Value: "userpass"},
			{Key: "realm", Value: s.realm},
			{Key: "username", Value: name},
			{Key: "password", Value: d.Secret.Reveal()},
		}},
		// A device that registers from a new address replaces its former contact at
		// once. Without qualify_frequency a device that vanished would be called until
		// its registration expires.
		{Name: name, Lines: []dialect.Line{
			{Key: "type", Value: "aor"},
			{Key: "max_contacts", Value: "1"},
			{Key: "remove_existing", Value: "yes"},
			{Key: "remove_unavailable", Value: "yes"},
			{Key: "qualify_frequency", Value: strconv.Itoa(qualifyFrequency)},
		}},
	}
}

// endpointLines renders the endpoint of a device. disallow comes before allow: Asterisk
// reads them in order.
func endpointLines(team, name string, e *Extension) []dialect.Line {
	lines := []dialect.Line{
		{Key: "type", Value: "endpoint"},
		{Key: "aors", Value: name},
		{Key: "auth", Value: name},
		{Key: "context", Value: InternalContext(team)},
		{Key: "disallow", Value: "all"},
		{Key: "allow", Value: strings.Join(e.Codecs, ",")},
		{Key: "direct_media", Value: "no"},
		{Key: "rtp_symmetric", Value: yesNo(e.NAT)},
		{Key: "force_rport", Value: yesNo(e.NAT)},
		{Key: "rewrite_contact", Value: yesNo(e.NAT)},
	}
	lines = append(lines, callerLines(e)...)
	if e.Transport != "" {
		lines = append(lines, dialect.Line{Key: "transport", Value: e.Transport})
	}
	return lines
}

// maxCallerID is the size in bytes of the name that the option callerid can have
// (caller_id_handler in res/res_pjsip/pjsip_configuration.c).
const maxCallerID = 79

// callerLines render the caller of the calls of an extension. A name that does not fit the
// option is set on each call.
func callerLines(e *Extension) []dialect.Line {
	switch {
	case e.Name == "":
		return []dialect.Line{{Key: "callerid", Value: e.Number}}
	case len(e.Name) <= maxCallerID:
		return []dialect.Line{{Key: "callerid", Value: `"` + e.Name + `" <` + e.Number + ">"}}
	}
	return []dialect.Line{{Key: "callerid", Value: e.Number}, {Key: "set_var", Value: "CALLERID(name)=" + e.Name}}
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
