package app

import (
	"errors"
	"log/slog"
	"regexp"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman"
)

// Check returns an error if settings are invalid or their files cannot be read. The
// error has the names of the flags. Check makes no connections.
func (s *Settings) Check() error {
	_, err := s.userOptions(slog.New(slog.DiscardHandler))
	return err
}

// userOptions returns the options of the users.
func (s *Settings) userOptions(log *slog.Logger) (*userman.Options, error) {
	base, baseErr := s.parsedBaseURL()
	templates, templatesErr := s.Users.templates()
	mailer, mailerErr := s.SMTP.mailer(log)
	directory, directoryErr := s.LDAP.directory(log)
	if err := joinFieldErrors(baseErr, s.Users.check(), templatesErr, mailerErr, directoryErr); err != nil {
		return nil, err
	}
	opts := &userman.Options{
		Product: s.Users.Product, Language: s.Users.Language, BaseURL: base, Templates: templates,
		LoginByEmail: s.Users.LoginByEmail, LoginByExtension: s.Users.LoginByExtension, PasswordLifetime: s.Users.PasswordLifetime,
		Logger: log,
	}
	if mailer != nil {
		opts.Mailer = mailer
	}
	if directory != nil {
		opts.Directories = []userman.Directory{directory}
	}
	return opts, nil
}

// joinFieldErrors returns one error with all field errors, or the first error of
// another kind.
func joinFieldErrors(errs ...error) error {
	var fields []store.FieldError
	for _, err := range errs {
		var invalid *store.InvalidError
		switch {
		case err == nil:
		case errors.As(err, &invalid):
			fields = append(fields, invalid.Fields...)
		default:
			return err
		}
	}
	return store.NewInvalidError(fields...)
}

// fieldName matches the name of a field, without an index.
var fieldName = regexp.MustCompile(`^[a-z_]+`)

// withFlagNames replaces the names of fields with those of flags.
func withFlagNames(err error, flags map[string]string) error {
	var invalid *store.InvalidError
	if !errors.As(err, &invalid) {
		return err
	}
	fields := slices.Clone(invalid.Fields)
	for i, field := range fields {
		name := fieldName.FindString(field.Field)
		if flag := flags[name]; flag != "" {
			fields[i].Field = flag + strings.TrimPrefix(field.Field, name)
		}
	}
	return store.NewInvalidError(fields...)
}
