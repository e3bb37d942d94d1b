package app

import (
	"cmp"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/ldapdir"
)

// Kinds of LDAP directories.
const (
	OpenLDAP        = "openldap"
	ActiveDirectory = "active-directory"
)

// DefaultLDAPName is the default name of the directory.
const DefaultLDAPName = "ldap"

// LDAPSettings are the settings of the directory that users come from. Other
// fields of [ldapdir.Options] have their defaults.
type LDAPSettings struct {
	// URLs are the servers, which are tried in this order. Without any there is
	// no directory.
	URLs []string
	// Name is the directory's name in the records of its users. Defaults to
	// [DefaultLDAPName].
	Name string
	// Kind is [OpenLDAP], the default, or [ActiveDirectory]. It selects the
	// attributes.
	Kind     string
	StartTLS bool
	// CAFile holds the CA certificates of the servers in PEM. Defaults to those
	// of the host.
	CAFile string
	// BindDN is the account that reads the directory, and PasswordFile holds its
	// password. Empty reads anonymously.
	BindDN       string
	PasswordFile string
	BaseDN       string
	Filter       string
	GroupBaseDN  string
	// MaxRemovalRatio and DeleteAfter are documented in [userman.SyncOptions].
	MaxRemovalRatio float64
	DeleteAfter     time.Duration
}

func (s *LDAPSettings) register(flags *pflag.FlagSet) {
	flags.StringSliceVar(&s.URLs, "ldap-url", nil, "`URL` of the LDAP server that users come from, such as ldaps://dc1.example.com; repeat the flag for fallback servers")
	flags.StringVar(&s.Name, "ldap-name", DefaultLDAPName, "`NAME` of the directory in the records of its users; it must not change")
	flags.StringVar(&s.Kind, "ldap-kind", OpenLDAP, "`KIND` of the directory: openldap or active-directory")
	flags.BoolVar(&s.StartTLS, "ldap-start-tls", false, "use StartTLS on ldap:// connections")
	flags.StringVar(&s.CAFile, "ldap-ca-file", "", "`FILE` with the CA certificates of the LDAP servers in PEM (default: those of the host)")
	flags.StringVar(&s.BindDN, "ldap-bind-dn", "", "`DN` of the account that reads the directory (default: anonymous)")
	flags.StringVar(&s.PasswordFile, "ldap-password-file", "", "`FILE` with the password of that account; only its owner should be able to read it")
	flags.StringVar(&s.BaseDN, "ldap-base-dn", "", "base `DN` of users, such as ou=people,dc=example,dc=com")
	flags.StringVar(&s.Filter, "ldap-filter", "", "`FILTER` that selects users (default: depends on --ldap-kind)")
	flags.StringVar(&s.GroupBaseDN, "ldap-group-base-dn", "", "base `DN` of groups (default: no groups are read)")
	s.MaxRemovalRatio, s.DeleteAfter = 0.1, 30*day
	flags.Var((*ratioFlag)(&s.MaxRemovalRatio), "ldap-max-removals", "maximum `RATIO` of the directory's users, and of their memberships, that one sync removes")
	flags.Var(daysFlag{target: &s.DeleteAfter, zeroValue: -1}, "ldap-delete-after", "`DAYS` after which a missing user, who is disabled at once, is deleted; 0 for never")
}

// directory returns the directory, or nil without a URL. It does not connect.
func (s *LDAPSettings) directory(log *slog.Logger) (*ldapdir.Directory, error) {
	if len(s.urls()) == 0 {
		return nil, nil
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	password, err := readPasswordFile(s.PasswordFile, "ldap-password-file", log)
	if err != nil {
		return nil, err
	}
	trusted, err := loadCAFile(s.CAFile, "ldap-ca-file")
	if err != nil {
		return nil, err
	}
	opts := ldapdir.Options{
		Name: s.name(), URLs: s.urls(), StartTLS: s.StartTLS, TLSConfig: trusted,
		BindDN: s.BindDN, BindPassword: password, BaseDN: s.BaseDN, Filter: s.Filter, GroupBaseDN: s.GroupBaseDN,
	}
	if s.Kind == ActiveDirectory {
		opts.Attributes, opts.ExternalID = ldapdir.ActiveDirectoryAttributes(), "objectGUID"
		opts.Filter = cmp.Or(s.Filter, "(&(objectCategory=person)(objectClass=user))")
	}
	directory, err := ldapdir.New(opts)
	return directory, withFlagNames(err, map[string]string{
		"name": "ldap-name", "urls": "ldap-url", "start_tls": "ldap-start-tls", "bind_dn": "ldap-bind-dn",
		"bind_password": "ldap-password-file", "base_dn": "ldap-base-dn", "filter": "ldap-filter", "group_base_dn": "ldap-group-base-dn",
	})
}

// check rejects what the directory does not check itself.
func (s *LDAPSettings) check() error {
	var errs []store.FieldError
	if s.Kind != "" && s.Kind != OpenLDAP && s.Kind != ActiveDirectory {
		errs = append(errs, store.FieldError{Field: "ldap-kind", Code: store.CodeOneOf, Message: "choose openldap or active-directory"})
	}
	if s.MaxRemovalRatio != 0 && !isRatio(s.MaxRemovalRatio) {
		errs = append(errs, store.FieldError{Field: "ldap-max-removals", Code: store.CodeRange, Message: "write a ratio above 0 and up to 1, such as 0.1"})
	}
	return store.NewInvalidError(errs...)
}

// name returns the name of the directory.
func (s *LDAPSettings) name() string { return cmp.Or(s.Name, DefaultLDAPName) }

// urls returns the URLs of the servers. A URL contains no space.
func (s *LDAPSettings) urls() []string { return strings.Fields(strings.Join(s.URLs, " ")) }

// url returns the URLs as one text.
func (s *LDAPSettings) url() string { return strings.Join(s.urls(), " ") }

// SyncOptions returns the options for [userman.Service.Sync].
func (s *Settings) SyncOptions() *userman.SyncOptions {
	return &userman.SyncOptions{MaxRemovalRatio: s.LDAP.MaxRemovalRatio, DeleteAfter: s.LDAP.DeleteAfter}
}
