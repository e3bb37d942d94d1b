package app

import (
	"cmp"
	"context"
	"log/slog"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/audit"
	"github.com/pbxusers/pbxusers/store/field"
	"github.com/pbxusers/pbxusers/store/settings"
	"github.com/pbxusers/pbxusers/userman"
)

// savedSettings are the settings in the database, and those in effect. The zero value
// has none: it is for an App without a database, in tests.
type savedSettings struct {
	service     *settings.Service
	definitions []Definition
	// hooks come from [Options].
	hooks Options

	mu sync.Mutex
	// revision is the revision of present, -1 before the first load.
	revision int64
	// present are the settings in effect, which are replaced and never changed, and
	// users the options of the users for them.
	present *Settings
	users   *userman.Options
	// problem says why the saved settings are not in effect; nil if they are.
	problem   error
	observers []func(*Settings)
}

// initSavedSettings prepares the first load.
func (s *App) initSavedSettings(opts *Options) {
	s.saved.definitions, s.saved.hooks, s.saved.revision = definitions(), *opts, -1
	s.saved.service = settings.New(s.DB.Settings(), savedDefinitions(s.saved.definitions), &settings.Options{Audit: s.AuditLog, Logger: s.log, Validate: s.validateSaved})
}

// Current returns the settings in effect: from the flags, the environment and the
// file, then from the database. The caller must not change them.
func (s *App) Current() *Settings {
	s.saved.mu.Lock()
	defer s.saved.mu.Unlock()
	return cmp.Or(s.saved.present, &s.Settings)
}

// Product returns the present name of the product.
func (s *App) Product() string { return cmp.Or(s.Current().Users.Product, "pbxusers") }

// userOptions returns the options of the users in effect.
func (s *App) userOptions() *userman.Options {
	s.saved.mu.Lock()
	defer s.saved.mu.Unlock()
	return s.saved.users
}

// SettingsProblem says why the saved settings are not in effect; nil if they are.
func (s *App) SettingsProblem() error {
	s.saved.mu.Lock()
	defer s.saved.mu.Unlock()
	return s.saved.problem
}

// ObserveSettings calls observe with the settings in effect now, and after each change.
func (s *App) ObserveSettings(observe func(*Settings)) {
	s.saved.mu.Lock()
	defer s.saved.mu.Unlock()
	s.saved.observers = append(s.saved.observers, observe)
	observe(cmp.Or(s.saved.present, &s.Settings))
}

// with returns the settings with saved values, where no flag, environment variable or
// file sets them.
func (s *savedSettings) with(base *Settings, values map[string]field.Value) *Settings {
	merged := *base
	for _, d := range s.definitions {
		if value, saved := values[d.Name]; saved && !base.sourceOf(d).Fixed() {
			d.Set(&merged, value)
		}
	}
	return &merged
}

// LoadSettings makes the saved settings effective. It does nothing if they have not
// changed since the last load.
func (s *App) LoadSettings(ctx context.Context) error {
	if s.saved.service == nil {
		return nil
	}
	saved, err := s.saved.service.Load(ctx)
	if err != nil {
		return err
	}
	return s.applySettings(saved)
}

// applySettings makes saved settings effective, unless a later save is.
func (s *App) applySettings(saved *settings.Saved) error {
	s.saved.mu.Lock()
	defer s.saved.mu.Unlock()
	if saved.Revision <= s.saved.revision {
		return nil
	}
	next := s.saved.with(&s.Settings, saved.Values)
	users, err := next.userOptions(s.log)
	if err != nil && s.saved.present != nil {
		return err
	}
	if err != nil {
		// A flag may contradict them. Without this, nobody could correct them.
		s.saved.problem = err
		next = &s.Settings
		if users, err = next.userOptions(s.log); err != nil {
			return err
		}
	} else {
		s.saved.problem = nil
	}
	if s.saved.hooks.Users != nil {
		s.saved.hooks.Users(users)
	}
	s.saved.present, s.saved.users, s.saved.revision = next, users, saved.Revision
	if s.Users != nil {
		s.Users.Reconfigure(users)
		s.Administrators.Reconfigure(s.administratorOptions())
	}
	for _, observe := range s.saved.observers {
		observe(next)
	}
	return nil
}

// administratorOptions returns the options of the administrators that are settings. The
// caller holds the lock.
func (s *App) administratorOptions() *ampusers.Options {
	users := s.saved.present.Users
	o := &ampusers.Options{Issuer: users.Product, MinPasswordLength: users.MinPasswordLength, MinPasswordScore: users.MinPasswordScore}
	if s.saved.hooks.Administrators != nil {
		s.saved.hooks.Administrators(o)
	}
	return o
}

// settingsInterval is how often [App.WatchSettings] looks for saves of other programs.
const settingsInterval = 2 * time.Second

// WatchSettings makes settings effective that other programs save, such as pbxctl, until
// ctx ends.
func (s *App) WatchSettings(ctx context.Context) {
	ticker := time.NewTicker(settingsInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := s.LoadSettings(ctx); err != nil && ctx.Err() == nil {
				s.log.ErrorContext(ctx, "the saved settings cannot be read", "error", err)
			}
		}
	}
}

// Setting is a setting with its value and its source.
type Setting struct {
	Definition

	// Value is zero for a secret; HasSecret says that there is one.
	Value     field.Value
	HasSecret bool
	Source    Source
	// Base is the value without the database; zero for a secret.
	Base field.Value
}

// IsAttributeMap reports whether the setting has pairs of a field and an attribute.
func (s Setting) IsAttributeMap() bool { return s.Name == nameAttributes }

// Editable reports whether the setting can be saved.
func (s Setting) Editable() bool { return !s.FlagOnly && !s.Source.Fixed() }

// AllSettings returns all settings with their sources, and the revision for
// [App.SaveSettings].
func (s *App) AllSettings(ctx context.Context) ([]Setting, int64, error) {
	saved, err := s.saved.service.Load(ctx)
	if err != nil {
		return nil, 0, err
	}
	merged := s.saved.with(&s.Settings, saved.Values)
	var all []Setting
	for _, d := range s.saved.definitions {
		if d.Section == "" {
			continue
		}
		all = append(all, s.setting(d, merged, saved))
	}
	return all, saved.Revision, nil
}

func (s *App) setting(d Definition, merged *Settings, saved *settings.Saved) Setting {
	setting := Setting{Definition: d, Value: d.Get(merged), Source: s.Settings.sourceOf(d), Base: d.Get(&s.Settings)}
	if setting.Base.IsZero() {
		setting.Base = defaultValue(d.Meta)
	}
	if _, isSaved := saved.Values[d.Name]; isSaved && !setting.Source.Fixed() {
		setting.Source = Source{Kind: SourceSaved}
	}
	if d.Secret {
		setting.HasSecret = !setting.Value.IsZero() || setting.Source.Fixed()
		setting.Value, setting.Base = field.ZeroValue(d.Kind), field.ZeroValue(d.Kind)
	} else if setting.Source.Kind == SourceDefault {
		setting.Value = setting.Base
	}
	return setting
}

// SaveSettings changes saved settings and makes them effective. See
// [settings.Service.Save] for its errors; a setting that a flag, the environment or a
// file sets is an error with the code [store.CodeFixed]. A new public URL is not
// effective until [App.ConfirmPublicURL].
func (s *App) SaveSettings(ctx context.Context, revision int64, changes settings.Changes) error {
	err := s.rejectFixed(changes)
	if err != nil {
		s.AuditLog.RecordFailure(ctx, audit.Event{Action: "update", Kind: settings.Kind, Key: settings.Key}, err)
		return err
	}
	saved, err := s.saved.service.Save(ctx, revision, s.pendingURL(changes))
	if err != nil {
		return err
	}
	if err := s.applySettings(saved); err != nil {
		return err
	}
	return s.Users.LoginNames().Apply(ctx)
}

// rejectFixed returns an error for settings that cannot be saved.
func (s *App) rejectFixed(changes settings.Changes) error {
	var errs []store.FieldError
	for _, d := range s.saved.definitions {
		_, set := changes.Set[d.Name]
		source := s.Settings.sourceOf(d)
		switch {
		case !set && !slices.Contains(changes.Reset, d.Name):
		case d.FlagOnly:
			errs = append(errs, store.FieldError{Field: d.Name, Code: store.CodeFixed, Message: "only a flag, the environment or pbxusers.ini can set this"})
		case set && source.Fixed():
			errs = append(errs, store.FieldError{Field: d.Name, Code: store.CodeFixed, Message: source.String() + "; change it there"})
		}
	}
	return store.NewInvalidError(errs...)
}

// pendingURL makes a new public URL one that is to be confirmed.
func (s *App) pendingURL(changes settings.Changes) settings.Changes {
	value, set := changes.Set[nameBaseURL]
	switch {
	case !set:
		if slices.Contains(changes.Reset, nameBaseURL) {
			changes.Reset = append(slices.Clone(changes.Reset), namePendingURL)
		}
		return changes
	case checkRule(newRules(), s.definition(nameBaseURL), value) != nil:
		return changes // which the rule rejects
	}
	changes = cloneChanges(changes)
	delete(changes.Set, nameBaseURL)
	if wanted := normalizeOrigin(value.Text()); wanted == "" {
		changes.Reset = append(changes.Reset, nameBaseURL, namePendingURL)
	} else if wanted == s.Current().BaseURL {
		changes.Reset = append(changes.Reset, namePendingURL)
	} else {
		changes.Set[namePendingURL] = field.TextValue(wanted)
	}
	return changes
}

func cloneChanges(changes settings.Changes) settings.Changes {
	c := settings.Changes{Set: map[string]field.Value{}, Reset: slices.Clone(changes.Reset)}
	maps.Copy(c.Set, changes.Set)
	return c
}

// definition returns the definition of a name.
func (s *App) definition(name string) Definition {
	i := slices.IndexFunc(s.saved.definitions, func(d Definition) bool { return d.Name == name })
	return s.saved.definitions[i]
}

// ConfirmPublicURL makes the saved public URL effective, if origin, which a browser sent,
// is that URL: the pages work there. It returns a [store.ConflictError] otherwise, and if
// there is none to confirm. The same URL can be confirmed once.
func (s *App) ConfirmPublicURL(ctx context.Context, origin string) error {
	saved, err := s.saved.service.Load(ctx)
	if err != nil {
		return err
	}
	pending := saved.Values[namePendingURL].Text()
	if pending == "" {
		return &store.ConflictError{Reason: "no public URL waits for a confirmation"}
	}
	if opened, err := ParseBaseURL(origin); err != nil || opened.String() != pending {
		return &store.ConflictError{Reason: "the public URL is confirmed at its own address only; open " + pending + ConfirmURLPath}
	}
	saved, err = s.saved.service.Save(ctx, saved.Revision, settings.Changes{Set: map[string]field.Value{nameBaseURL: field.TextValue(pending)}, Reset: []string{namePendingURL}})
	if err != nil {
		return err
	}
	return s.applySettings(saved)
}

// DiscardPublicURL drops a saved public URL that is not confirmed.
func (s *App) DiscardPublicURL(ctx context.Context) error {
	saved, err := s.saved.service.Load(ctx)
	if err != nil {
		return err
	}
	return s.SaveSettings(ctx, saved.Revision, settings.Changes{Reset: []string{namePendingURL}})
}

// AuthorizeSettings returns an error wrapping [store.ErrForbidden] unless the
// administrator is a full one: the settings decide where passwords and links go, and a
// test connects to servers. The audit log records the denial.
func (s *App) AuthorizeSettings(ctx context.Context, a *ampusers.Administrator) error {
	if a.Access == ampusers.Full {
		return nil
	}
	err := &store.ForbiddenError{Reason: "only a full administrator can change and test the settings"}
	s.AuditLog.RecordFailure(ctx, audit.Event{Action: "access", Kind: settings.Kind, Key: settings.Key}, err)
	return err
}

// ConfirmURLPath is the page that confirms the public URL.
const ConfirmURLPath = "/settings/public-url"

// Origins returns the public URLs that the pages answer to: the present one, and one to
// confirm.
func (s *App) Origins() []*url.URL {
	current := s.Current()
	var origins []*url.URL
	for _, text := range []string{current.BaseURL, current.PendingURL} {
		if origin, err := ParseBaseURL(text); err == nil {
			origins = append(origins, origin)
		}
	}
	return origins
}

// Candidate returns the settings as they would be after changes, which are not saved, for
// the test of a connection. It returns the errors of [App.SaveSettings]: a saved secret is
// not sent to another server.
func (s *App) Candidate(ctx context.Context, changes settings.Changes) (*Settings, error) {
	if err := s.rejectFixed(changes); err != nil {
		return nil, err
	}
	values, err := s.saved.service.Preview(ctx, changes)
	if err != nil {
		return nil, err
	}
	return s.saved.with(&s.Settings, values), nil
}

// validateSaved is [settings.Options].Validate.
func (s *App) validateSaved(ctx context.Context, values map[string]field.Value) error {
	var errs []store.FieldError
	rules := newRules()
	for _, d := range s.saved.definitions {
		if value, saved := values[d.Name]; saved {
			errs = append(errs, checkRule(rules, d, value)...)
		}
	}
	if len(errs) > 0 {
		return store.NewInvalidError(errs...)
	}
	candidate := s.saved.with(&s.Settings, values)
	users, err := candidate.userOptions(slog.New(slog.DiscardHandler))
	if err != nil {
		return withSettingNames(candidate, err)
	}
	return s.validateLoginNames(ctx, users)
}

// validateLoginNames rejects login names that several users would share.
func (s *App) validateLoginNames(ctx context.Context, users *userman.Options) error {
	current := s.userOptions()
	if users.LoginByEmail == current.LoginByEmail && users.LoginByExtension == current.LoginByExtension {
		return nil
	}
	duplicates, err := userman.New(s.DB.Users(""), users).LoginNames().Duplicates(ctx)
	if err != nil || len(duplicates) == 0 {
		return err
	}
	first := duplicates[0].Owners
	name := "login_by_extension"
	if users.LoginByEmail && !current.LoginByEmail {
		name = "login_by_email"
	}
	return store.NewInvalidError(store.FieldError{
		Field: name, Code: store.CodeConflict,
		Message: "several users share a login name, such as " + first[0].Username + " and " + first[1].Username + "; change the email or the extension of one of them",
	})
}

// withSettingNames replaces the names of flags in an error with names of settings.
func withSettingNames(s *Settings, err error) error {
	fields, other := store.FieldErrors(err)
	if other != nil {
		if hint := Hint(other); hint != "" {
			return &store.ConflictError{Reason: other.Error() + ". " + hint}
		}
		return other
	}
	renamed := slices.Clone(fields)
	for i, f := range renamed {
		name, index, indexed := strings.Cut(f.Field, "[")
		name = strings.ReplaceAll(name, "-", "_")
		switch {
		case name == "smtp_password_file" && s.SMTP.PasswordFile == "":
			name = nameSMTPPassword
		case name == "ldap_password_file" && s.LDAP.PasswordFile == "":
			name = nameLDAPPassword
		}
		if indexed {
			name += "[" + index
		}
		renamed[i].Field = name
	}
	return store.NewInvalidError(renamed...)
}
