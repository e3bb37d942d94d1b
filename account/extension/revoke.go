package extension

import (
	"context"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/asteriskconf"
	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
)

// contactFamily is where Asterisk keeps the registrations (res_sorcery_astdb.c).
const contactFamily = "registrar/contact"

// Revoke ends the registrations of the devices that were removed, or whose secret was
// changed. Asterisk would keep them until they expire, and a new owner of the number would
// inherit them.
func (s *PJSIPSource) Revoke(ctx context.Context, asterisk asteriskconf.Asterisk, change *asteriskconf.Change) ([]string, error) {
	revoked := revokedDevices(change)
	if len(revoked) == 0 {
		return nil, nil
	}
	contacts, err := revokedContacts(ctx, asterisk, revoked)
	if err != nil {
		return nil, err
	}
	var notes []string
	for key, device := range contacts {
		if _, err := asterisk.Command(ctx, "database del "+contactFamily+" "+key); err != nil {
			return notes, err
		}
		notes = append(notes, "the registration of "+device+" was ended")
	}
	left, err := revokedContacts(ctx, asterisk, revoked)
	if err != nil {
		return notes, err
	}
	for _, device := range left {
		return notes, deviceMismatch(device, "Asterisk still has its registration")
	}
	slices.Sort(notes)
	return slices.Compact(notes), nil
}

// revokedContacts returns the devices that are registered, of those revoked, by the keys
// of their registrations.
func revokedContacts(ctx context.Context, asterisk asteriskconf.Asterisk, revoked map[string]bool) (map[string]string, error) {
	lines, err := asterisk.Command(ctx, "database show "+contactFamily)
	if err != nil {
		return nil, err
	}
	contacts := map[string]string{}
	for _, line := range lines {
		key, _, _ := strings.Cut(strings.TrimPrefix(line, "/"+contactFamily+"/"), ": ")
		if device, _, isContact := strings.Cut(key, ";@"); isContact && revoked[device] {
			contacts[key] = device
		}
	}
	return contacts, nil
}

// revokedDevices returns the names of the devices whose earlier secret does not hold any
// more, in any version of the file that Asterisk may have served.
func revokedDevices(change *asteriskconf.Change) map[string]bool {
	current := passwords(change.After)
	revoked := map[string]bool{}
	for _, section := range slices.Concat(change.Before, change.Live, change.Unverified) {
		if password, ok := section.Value("password"); ok && current[section.Name] != password {
			revoked[section.Name] = true
		}
	}
	return revoked
}

// passwords returns the passwords of the auth sections by their name.
func passwords(sections []dialect.Section) map[string]string {
	found := map[string]string{}
	for _, section := range sections {
		if password, ok := section.Value("password"); ok {
			found[section.Name] = password
		}
	}
	return found
}
