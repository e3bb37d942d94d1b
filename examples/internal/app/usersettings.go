package app

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/text/language"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// UserSettings are those of the people. The zero one has every default.
type UserSettings struct {
	// Product is what mails and authenticator apps call the product, and
	// Language a BCP 47 tag: that of mails to people who have none.
	Product  string
	Language string
	// MailTemplates is a folder of templates in the place of some of ours, see
	// [usermail.ParseTemplates]; empty means ours.
	MailTemplates string
	// LoginByEmail, LoginByExtension and PasswordLifetime are those of
	// [userman.Options].
	LoginByEmail     bool
	LoginByExtension bool
	PasswordLifetime time.Duration
}

func (s *UserSettings) register(flags *pflag.FlagSet) {
	flags.StringVar(&s.Product, "product", "pbxusers", "`NAME` of the product in mails and authenticator apps")
	flags.StringVar(&s.Language, "language", "en", "`LANGUAGE` of mails to people who have none of their own, such as en or zh-Hans")
	flags.StringVar(&s.MailTemplates, "mail-templates", "", "`FOLDER` of mail templates, LANGUAGE/welcome.txt and the like (default: those of the program)")
	flags.BoolVar(&s.LoginByEmail, "login-by-email", false, "let people log in with their primary email address as well")
	flags.BoolVar(&s.LoginByExtension, "login-by-extension", false, "let people log in with their default extension as well")
	flags.Var(daysFlag{target: &s.PasswordLifetime}, "password-lifetime", "`DAYS` after which people must change their passwords; 0 is never")
}

// check refuses what cannot be.
func (s *UserSettings) check() error {
	var errs []store.FieldError
	if _, err := language.Parse(s.Language); s.Language != "" && err != nil {
		errs = append(errs, store.FieldError{Field: "language", Code: "language", Message: "write a language such as en or zh-Hans"})
	}
	if s.PasswordLifetime < 0 {
		errs = append(errs, store.FieldError{Field: "password-lifetime", Code: "min", Message: "write a number of days, or 0"})
	}
	return store.NewInvalidError(errs...)
}

// templates reads the folder of templates.
func (s *UserSettings) templates() (*usermail.Templates, error) {
	if s.MailTemplates == "" {
		return usermail.DefaultTemplates(), nil
	}
	// An error of the folder itself says so; one of a file names the file.
	info, err := os.Stat(s.MailTemplates)
	if err == nil && !info.IsDir() {
		err = errors.New("it is no folder")
	}
	var templates *usermail.Templates
	if err == nil {
		templates, err = usermail.ParseTemplates(os.DirFS(s.MailTemplates))
	}
	if err != nil {
		return nil, WithHint(fmt.Errorf("--mail-templates: %w", err), "Correct the templates in the folder that --mail-templates names, or leave it out.")
	}
	return templates, nil
}
