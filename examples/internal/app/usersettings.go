package app

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/pbxusers/pbxusers/userman/usermail"

	"github.com/spf13/pflag"
	"golang.org/x/text/language"

	"github.com/pbxusers/pbxusers/store"
)

// UserSettings are the settings for users. The zero value has every default.
type UserSettings struct {
	// Product is the name of the product in mails and authenticator apps, and
	// Language the BCP 47 tag of mails to users without a language.
	Product  string
	Language string
	// MailTemplates is a folder of templates that replace the built-in ones, see
	// [usermail.ParseTemplates]. Defaults to the built-in templates.
	MailTemplates string
	// LoginByEmail, LoginByExtension and PasswordLifetime are documented in
	// [userman.Options].
	LoginByEmail     bool
	LoginByExtension bool
	PasswordLifetime time.Duration
}

func (s *UserSettings) register(flags *pflag.FlagSet) {
	flags.StringVar(&s.Product, "product", "pbxusers", "`NAME` of the product in mails and authenticator apps")
	flags.StringVar(&s.Language, "language", "en", "`LANGUAGE` of mails to users without a language, such as en or zh-Hans")
	flags.StringVar(&s.MailTemplates, "mail-templates", "", "`FOLDER` with mail templates such as LANGUAGE/welcome.txt (default: built-in)")
	flags.BoolVar(&s.LoginByEmail, "login-by-email", false, "let users also log in with their primary email address")
	flags.BoolVar(&s.LoginByExtension, "login-by-extension", false, "let users also log in with their default extension")
	flags.Var(daysFlag{target: &s.PasswordLifetime}, "password-lifetime", "`DAYS` after which users must change their password; 0 for never")
}

// check rejects invalid settings.
func (s *UserSettings) check() error {
	var errs []store.FieldError
	if _, err := language.Parse(s.Language); s.Language != "" && err != nil {
		errs = append(errs, store.FieldError{Field: "language", Code: store.CodeLanguage, Message: "write a language such as en or zh-Hans"})
	}
	if s.PasswordLifetime < 0 {
		errs = append(errs, store.FieldError{Field: "password-lifetime", Code: store.CodeMin, Message: "write a number of days, or 0"})
	}
	return store.NewInvalidError(errs...)
}

// templates reads the mail templates.
func (s *UserSettings) templates() (*usermail.Templates, error) {
	if s.MailTemplates == "" {
		return usermail.DefaultTemplates(), nil
	}
	info, err := os.Stat(s.MailTemplates)
	if err == nil && !info.IsDir() {
		err = errors.New("not a folder")
	}
	var templates *usermail.Templates
	if err == nil {
		templates, err = usermail.ParseTemplates(os.DirFS(s.MailTemplates))
	}
	if err != nil {
		return nil, WithHint(fmt.Errorf("--mail-templates: %w", err), "Correct the templates in the folder of --mail-templates, or leave the setting out.")
	}
	return templates, nil
}
