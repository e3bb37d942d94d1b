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

// DefaultLDAPName is what the directory is called unless given.
const DefaultLDAPName = "ldap"

// LDAPSettings say which directory people come from. Those of
// [ldapdir.Options] that are not here have their defaults.
type LDAPSettings struct {
	// URLs are those of the servers, tried in their order; without any there
	// is no directory.
	URLs []string
	// Name stands in the records of its people; empty means
	// [DefaultLDAPName].
	Name string
	// Kind says which attributes hold what: [OpenLDAP], unless given, or
	// [ActiveDirectory].
	Kind     string
	StartTLS bool
	// CAFile holds the certificates, in PEM, that sign those of the servers;
	// empty means those of the host.
	CAFile string
	// BindDN is who reads, and PasswordFile holds the password; empty reads
	// anonymously.
	BindDN       string
	PasswordFile string
	BaseDN       string
	Filter       string
	GroupBaseDN  string
	// MaxRemovalRatio and Grace are those of [userman.SyncOptions].
	MaxRemovalRatio float64
	DeleteAfter     time.Duration
}

func (s *LDAPSettings) register(flags *pflag.FlagSet) {
	flags.StringSliceVar(&s.URLs, "ldap-url", nil, "`URL` of an LDAP server that people come from, such as ldaps://dc1.example.com; the next one is for when it does not answer; may be repeated")
	flags.StringVar(&s.Name, "ldap-name", DefaultLDAPName, "`NAME` of the directory in the records of its people; it must not change")
	flags.StringVar(&s.Kind, "ldap-kind", OpenLDAP, "`KIND` of the directory: openldap or active-directory")
	flags.BoolVar(&s.StartTLS, "ldap-start-tls", false, "turn ldap:// into TLS before anything is said")
	flags.StringVar(&s.CAFile, "ldap-ca-file", "", "`FILE` of the certificates, in PEM, that sign those of the LDAP servers (default: those of the host)")
	flags.StringVar(&s.BindDN, "ldap-bind-dn", "", "`DN` of the account that reads the directory (default: none, it is read anonymously)")
	flags.StringVar(&s.PasswordFile, "ldap-password-file", "", "`FILE` of that account's password, which only its owner should be able to read")
	flags.StringVar(&s.BaseDN, "ldap-base-dn", "", "`DN` below which people are, such as ou=people,dc=example,dc=com")
	flags.StringVar(&s.Filter, "ldap-filter", "", "`FILTER` of who is one (default: as the kind has it)")
	flags.StringVar(&s.GroupBaseDN, "ldap-group-base-dn", "", "`DN` below which groups are (default: none are read)")
	s.MaxRemovalRatio, s.DeleteAfter = 0.1, 30*day
	flags.Var((*ratioFlag)(&s.MaxRemovalRatio), "ldap-max-gone", "largest `SHARE` of the directory's people that one sync disables or deletes, and of their memberships that it takes away")
	flags.Var(daysFlag{target: &s.DeleteAfter, zeroValue: -1}, "ldap-grace", "`DAYS` that somebody who is missing there stays disabled before they are deleted; 0 never deletes")
}

// directory returns the directory, or nil when there is none. It does not
// connect.
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

// check refuses what only these settings can have wrong.
func (s *LDAPSettings) check() error {
	var errs []store.FieldError
	if s.Kind != "" && s.Kind != OpenLDAP && s.Kind != ActiveDirectory {
		errs = append(errs, store.FieldError{Field: "ldap-kind", Code: "oneof", Message: "choose openldap or active-directory"})
	}
	if s.MaxRemovalRatio != 0 && !isRatio(s.MaxRemovalRatio) {
		errs = append(errs, store.FieldError{Field: "ldap-max-gone", Code: "range", Message: "write a share above 0 and up to 1, such as 0.1"})
	}
	return store.NewInvalidError(errs...)
}

// name is what the directory is called.
func (s *LDAPSettings) name() string { return cmp.Or(s.Name, DefaultLDAPName) }

// urls returns those of the servers; a URL holds no blank.
func (s *LDAPSettings) urls() []string { return strings.Fields(strings.Join(s.URLs, " ")) }

// url is what people are told of where the directory is.
func (s *LDAPSettings) url() string { return strings.Join(s.urls(), " ") }

// SyncOptions returns those that the settings give to [userman.Service.Sync].
func (s *Settings) SyncOptions() *userman.SyncOptions {
	return &userman.SyncOptions{MaxRemovalRatio: s.LDAP.MaxRemovalRatio, DeleteAfter: s.LDAP.DeleteAfter}
}
