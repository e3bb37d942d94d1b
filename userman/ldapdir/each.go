package ldapdir

import (
	"context"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"github.com/pbxusers/pbxusers/userman"
)

// Each implements [userman.Directory]. It holds one page of users and all
// memberships in memory.
func (d *Directory) Each(ctx context.Context, visit func(userman.DirectoryEntry) error) error {
	s, err := d.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close()
	groups, err := d.readGroups(ctx, s)
	if err != nil {
		return err
	}
	return s.eachEntry(ctx, d.search(d.opts.BaseDN, d.opts.Filter, d.requestedAttributes()...), d.opts.PageSize, func(e *ldap.Entry) error {
		return visit(d.entry(e, groups))
	})
}

// requestedAttributes returns the attributes to request of a user.
func (d *Directory) requestedAttributes() []string {
	names := []string{d.opts.ExternalID}
	for _, attribute := range d.opts.Attributes {
		names = append(names, attribute)
	}
	if strings.EqualFold(d.opts.Attributes[fieldDisabled], accountControl) {
		names = append(names, accountExpires)
	}
	if d.opts.GroupBaseDN != "" {
		names = append(names, attributeUID, attributeMemberOf)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
