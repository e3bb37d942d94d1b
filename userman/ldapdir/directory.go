package ldapdir

import (
	"context"
	"maps"
	"slices"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// Directory is an LDAP directory; it implements [userman.Directory]. It is safe for
// concurrent use.
type Directory struct {
	opts    Options // with defaults
	servers []server
	// managed are the fields that the directory owns, sorted.
	managed []string
}

var (
	_ userman.Directory  = (*Directory)(nil)
	_ userman.FieldOwner = (*Directory)(nil)
)

// New returns a directory. It does not connect. It returns an error wrapping
// [store.ErrInvalid] if an option is invalid.
func New(opts Options) (*Directory, error) {
	opts = opts.withDefaults()
	servers, errs := parseServers(opts)
	if err := store.NewInvalidError(append(errs, opts.validate()...)...); err != nil {
		return nil, err
	}
	d := &Directory{opts: opts, servers: servers}
	for _, field := range slices.Sorted(maps.Keys(opts.Attributes)) {
		if field != fieldDisabled {
			d.managed = append(d.managed, field)
		}
	}
	return d, nil
}

// Name implements [userman.Directory].
func (d *Directory) Name() string { return d.opts.Name }

// Options returns the options with the defaults, without BindPassword and TLSConfig.
func (d *Directory) Options() Options {
	opts := d.opts.withDefaults()
	opts.BindPassword, opts.TLSConfig = store.Secret{}, nil
	return opts
}

// Capabilities implements [userman.Directory]. The directory can be synchronized.
// It authenticates users if passwords are encrypted on the network, and has groups
// if GroupBaseDN is set.
func (d *Directory) Capabilities() userman.Capabilities {
	return userman.Capabilities{
		Authenticate: !slices.ContainsFunc(d.servers, func(s server) bool { return !s.tls && !d.opts.StartTLS && !s.isLoopback() }),
		Groups:       d.opts.GroupBaseDN != "",
		Sync:         true,
	}
}

// OwnsField implements [userman.FieldOwner]: the directory owns the fields in
// Attributes.
func (d *Directory) OwnsField(field string) bool { return slices.Contains(d.managed, field) }

// Test connects, binds and counts the users of at most one page.
func (d *Directory) Test(ctx context.Context) (users int, err error) {
	s, err := d.connect(ctx)
	if err != nil {
		return 0, err
	}
	defer s.close()
	entries, _, err := s.searchPage(ctx, d.search(d.opts.BaseDN, d.opts.Filter, noAttributes), d.opts.PageSize, nil)
	return len(entries), err
}
