package settings

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/field"
)

// Kind is the kind of the record in the audit log, and Key its key.
const (
	Kind = "settings"
	Key  = "settings"
)

// Options are the options of [New].
type Options struct {
	// Validate returns an error wrapping [store.ErrInvalid], with the names of settings,
	// if values contradict each other or break the rule of a setting. It gets all
	// values that would be saved. It runs outside the transaction. Defaults to none.
	Validate func(ctx context.Context, values map[string]field.Value) error
	// Audit records every change and every denial. It must use the database of the
	// store. Defaults to none.
	Audit *audit.Log
	// Clock returns the current time. Defaults to time.Now.
	Clock func() time.Time
	// Logger logs each change, without values. Defaults to none.
	Logger *slog.Logger
}

// Service manages the saved settings of a product. It is safe for concurrent use.
type Service struct {
	store       Store
	definitions []Definition
	byName      map[string]Definition
	opts        Options
}

// New returns a service of the settings that definitions describes. It panics if two of
// them have one name, or if one is sent to an unknown setting: that is a mistake in the
// program. opts can be nil.
func New(st Store, definitions []Definition, opts *Options) *Service {
	s := &Service{store: st, definitions: slices.Clone(definitions), byName: make(map[string]Definition, len(definitions))}
	if opts != nil {
		s.opts = *opts
	}
	if s.opts.Clock == nil {
		s.opts.Clock = time.Now
	}
	if s.opts.Logger == nil {
		s.opts.Logger = slog.New(slog.DiscardHandler)
	}
	for _, d := range definitions {
		if _, twice := s.byName[d.Name]; twice || d.Name == "" {
			panic(fmt.Sprintf("settings: the setting %q needs a name of its own", d.Name))
		}
		s.byName[d.Name] = d
	}
	for _, d := range definitions {
		for _, name := range d.SentTo {
			if _, known := s.byName[name]; !known {
				panic(fmt.Sprintf("settings: %q is sent to the unknown setting %q", d.Name, name))
			}
		}
	}
	return s
}

// Saved are the values that were saved at a revision.
type Saved struct {
	// Revision counts the saves. [Service.Save] compares it.
	Revision int64
	// Values are the values by the names of their settings. They include the secrets.
	Values map[string]field.Value
}

// Load returns the saved values. It leaves out a value that no definition describes, such
// as one of a later version of the product.
func (s *Service) Load(ctx context.Context) (*Saved, error) {
	record, err := s.store.Settings(ctx)
	if err != nil {
		return nil, err
	}
	return &Saved{Revision: record.Revision, Values: s.parse(record)}, nil
}

// parse returns the values of a record.
func (s *Service) parse(record *Record) map[string]field.Value {
	values := make(map[string]field.Value, len(record.Values))
	for _, d := range s.definitions {
		text, saved := record.Values[d.Name]
		if !saved {
			continue
		}
		if value, err := field.Parse(d.Kind, text.Reveal()); err == nil {
			values[d.Name] = value
		}
	}
	return values
}

// AuditSource returns the record for [audit.Log.Verify].
func (s *Service) AuditSource() audit.RecordSource {
	return audit.RecordSource{Kind: Kind, Each: func(ctx context.Context, visit func(key string, state []byte) error) error {
		record, err := s.store.Settings(ctx)
		if err != nil || record.Revision == 0 {
			return err
		}
		return visit(Key, record.auditState())
	}}
}

// Changes are changes to several settings.
type Changes struct {
	// Set has the new values by the names of their settings.
	Set map[string]field.Value
	// Reset names the settings whose saved value is removed.
	Reset []string
}

// names returns the names of all settings in c, sorted.
func (c Changes) names() []string {
	names := slices.AppendSeq(slices.Clone(c.Reset), maps.Keys(c.Set))
	slices.Sort(names)
	return slices.Compact(names)
}
