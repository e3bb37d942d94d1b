package extension

import (
	"context"
	"fmt"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// DialplanFileName is the file of a [DialplanSource].
const DialplanFileName = "pbxusers_extensions.conf"

// ringSeconds is how long a call rings.
const ringSeconds = 20

// Causes of Hangup, of Q.850.
const (
	causeBusy        = 17
	causeUnavailable = 20
)

// DialplanSource renders the extensions of one or more teams into
// pbxusers_extensions.conf and verifies them. It implements [asteriskconf.Source].
type DialplanSource struct{ stores []Store }

// NewDialplanSource returns a source for the extensions of the teams of stores.
func NewDialplanSource(stores ...Store) *DialplanSource { return &DialplanSource{stores} }

// File describes pbxusers_extensions.conf.
func (s *DialplanSource) File() asteriskconf.File {
	return asteriskconf.File{
		Name: DialplanFileName, Parent: "extensions.conf", Module: "pbx_config.so", UniqueSections: true,
	}
}

// Sections renders the context of [InternalContext] of each team, in which each
// extension is a number with its hint.
func (s *DialplanSource) Sections(ctx context.Context, _ asteriskconf.Target) ([]dialect.Section, error) {
	sections := make([]dialect.Section, 0, len(s.stores))
	for _, st := range s.stores {
		section := dialect.Section{Name: InternalContext(st.Team())}
		err := st.EachExtension(ctx, func(e *Extension) error {
			section.Lines = append(section.Lines, extensionLines(st.Team(), e)...)
			return nil
		})
		if err != nil {
			return nil, err
		}
		sections = append(sections, section)
	}
	return sections, nil
}

// extensionLines renders the priorities of a number. A device that is not registered has
// no contact, and Dial skips it; if none has one, Dial ends at once with the status
// CHANUNAVAIL.
func extensionLines(team string, e *Extension) []dialect.Line {
	if len(e.Devices) == 0 {
		return []dialect.Line{exten(e.Number, "1", fmt.Sprintf("Hangup(%d)", causeUnavailable))}
	}
	var contacts, states []string
	for _, d := range e.Devices {
		name := Endpoint(team, e.Number, d.Ordinal)
		contacts = append(contacts, "${PJSIP_DIAL_CONTACTS("+name+")}")
		states = append(states, "PJSIP/"+name)
	}
	return []dialect.Line{
		exten(e.Number, "hint", strings.Join(states, "&")),
		exten(e.Number, "1", fmt.Sprintf("Dial(%s,%d)", strings.Join(contacts, "&"), ringSeconds)),
		exten(e.Number, "2", fmt.Sprintf(`Hangup(${IF($["${DIALSTATUS}" = "BUSY"]?%d:%d)})`, causeBusy, causeUnavailable)),
	}
}

// exten returns a line of the dialplan.
func exten(number, priority, application string) dialect.Line {
	return dialect.Line{Key: "exten", Value: number + "," + priority + "," + application}
}
