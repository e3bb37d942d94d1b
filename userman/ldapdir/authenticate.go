package ldapdir

import (
	"context"
	"fmt"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// maxPasswordLength is the length in bytes of the longest password that is sent to a
// server.
const maxPasswordLength = 4096

// Authenticate implements [userman.Directory]. It searches the user by external ID
// and binds as the user, on a connection of its own. It rejects an empty password
// without a request: LDAP servers treat it as an anonymous bind (RFC 4513, section
// 5.1.2). It rejects a user whom Filter does not match.
func (d *Directory) Authenticate(ctx context.Context, externalID string, password store.Secret) (bool, error) {
	if plaintext := password.Reveal(); plaintext == "" || len(plaintext) > maxPasswordLength {
		return false, nil
	}
	filter, ok := d.filterFor(externalID)
	if !ok {
		return false, nil
	}
	dn, srv, err := d.find(ctx, filter)
	if err != nil || dn == "" {
		return false, err
	}
	s, err := d.openAs(ctx, srv, dn, password)
	switch {
	case isInvalidCredentials(err):
		return false, nil
	case err != nil:
		return false, err
	}
	s.close()
	return true, nil
}

// filterFor returns the filter for the user of that external ID; false if the ID is
// invalid.
func (d *Directory) filterFor(externalID string) (string, bool) {
	if externalID == "" || len(externalID) > userman.MaxExternalIDLength {
		return "", false
	}
	value, ok := ldap.EscapeFilter(externalID), true
	if strings.EqualFold(d.opts.ExternalID, objectGUID) {
		value, ok = guidFilter(externalID)
	}
	return "(&" + d.opts.Filter + "(" + d.opts.ExternalID + "=" + value + "))", ok
}

// find returns the DN of the only user that filter matches, "" if there is none, and
// the server that answered.
func (d *Directory) find(ctx context.Context, filter string) (dn string, srv server, err error) {
	s, err := d.connect(ctx)
	if err != nil {
		return "", server{}, err
	}
	defer s.close()
	entries, _, err := s.searchPage(ctx, d.search(d.opts.BaseDN, filter, noAttributes), d.opts.PageSize, nil)
	switch {
	case err != nil || len(entries) == 0:
		return "", server{}, err
	case len(entries) > 1:
		return "", server{}, fmt.Errorf("ldapdir: %s: several users have the same external ID; choose a unique attribute", s.server.name)
	case !isDN(entries[0].DN):
		return "", server{}, fmt.Errorf("ldapdir: %s: the server returned an invalid distinguished name", s.server.name)
	}
	return entries[0].DN, s.server, nil
}
