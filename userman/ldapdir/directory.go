package ldapdir

import (
	"context"
	"maps"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// Directory is an LDAP directory; it implements [userman.Directory]. It may be
// used from many goroutines.
type Directory struct {
	opts    Options // with the defaults filled in
	servers []server
	// owned are the fields that the directory keeps, sorted.
	owned []string
}

var (
	_ userman.Directory = (*Directory)(nil)
	_ userman.Owner     = (*Directory)(nil)
)

// New returns a directory, or a [store.InvalidError] that names the field. It
// does not connect.
func New(opts Options) (*Directory, error) {
	opts = opts.withDefaults()
	servers, refused := parseServers(opts)
	if err := store.Invalid(append(refused, opts.check()...)...); err != nil {
		return nil, err
	}
	d := &Directory{opts: opts, servers: servers}
	for _, field := range slices.Sorted(maps.Keys(opts.Attributes)) {
		if field != fieldDisabled {
			d.owned = append(d.owned, field)
		}
	}
	return d, nil
}

// Name implements [userman.Directory].
func (d *Directory) Name() string { return d.opts.Name }

// Abilities implements [userman.Directory]: it syncs, authenticates where it
// never has to send a password across the network in the clear, and tells
// groups where GroupBaseDN is given.
func (d *Directory) Abilities() userman.Abilities {
	return userman.Abilities{
		Authenticate: !slices.ContainsFunc(d.servers, func(s server) bool { return !s.tls && !d.opts.StartTLS && !s.loopback() }),
		Groups:       d.opts.GroupBaseDN != "",
		Sync:         true,
	}
}

// Owns implements [userman.Owner]: the directory keeps the fields that
// Attributes map.
func (d *Directory) Owns(field string) bool { return slices.Contains(d.owned, field) }

// Test connects, binds and counts people, at most one page.
func (d *Directory) Test(ctx context.Context) (people int, err error) {
	s, err := d.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer s.close()
	entries, _, err := s.page(ctx, d.search(d.opts.BaseDN, d.opts.Filter, noAttributes), d.opts.PageSize, nil)
	return len(entries), err
}
