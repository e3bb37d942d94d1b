package apitoken

import (
	"crypto/rand"
	"io"
	"log/slog"
	"time"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/userman"
)

// Kind is the kind of a token in errors and in the audit log.
const Kind = "API token"

// Service manages the API tokens of one team. It may be used from many goroutines.
type Service struct {
	records

	users     *userman.Service
	validator *validate.Validator
}

// Options are the options of [New] and [Dependents].
type Options struct {
	// Audit records every change and every denial. Defaults to none.
	Audit *audit.Log
	// Clock returns the time. Defaults to time.Now.
	Clock func() time.Time
	// Random is the source of IDs and keys. Defaults to crypto/rand.Reader; set it
	// in tests only.
	Random io.Reader
	// Logger logs each change, without secrets. Defaults to none.
	Logger *slog.Logger
}

// New returns the service of the tokens in st, whose users are those of users. st
// and users must be of the same team. If opts is nil, the service uses the defaults.
func New(st Store, users *userman.Service, opts *Options) *Service {
	return &Service{records: newRecords(st, opts), users: users, validator: validate.New(validate.Extension())}
}

// Scoped returns a service for a limited administrator, see
// [userman.Service.Scoped]. With a nil loader the service is unrestricted.
func (s *Service) Scoped(load userman.ScopeLoader) *Service {
	scoped := *s
	scoped.users = s.users.Scoped(load)
	return &scoped
}

// withDefaults returns a copy of o in which every option is set but Audit.
func (o *Options) withDefaults() Options {
	var filled Options
	if o != nil {
		filled = *o
	}
	if filled.Clock == nil {
		filled.Clock = time.Now
	}
	if filled.Random == nil {
		filled.Random = rand.Reader
	}
	if filled.Logger == nil {
		filled.Logger = slog.New(slog.DiscardHandler)
	}
	return filled
}
