package site

import (
	"context"
	"net/url"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/userman"
)

// mails is how mails are sent.
type mails struct {
	mailer    userman.Mailer
	templates *userman.Templates
	base      *url.URL
	product   string
}

// closingTime bounds how long [Site.Close] waits for mails on their way.
const closingTime = 10 * time.Second

// startPeople puts the service of the people on the database.
func (s *Site) startPeople(ctx context.Context, opts *Options) error {
	people, err := s.Settings.peopleOptions(s.log)
	if err != nil {
		return err
	}
	people.Audit = s.Trail
	if opts.People != nil {
		opts.People(people)
	}
	s.mails = mails{mailer: people.Mailer, templates: people.Templates, base: people.BaseURL, product: people.Product}
	s.People = userman.New(s.DB.People(""), people)
	s.settle = func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closingTime)
		defer cancel()
		return s.People.Wait(ctx)
	}
	return nil
}

// PeopleFor returns the people that an administrator reaches: all for one who
// is not narrowed, and otherwise those whose extensions are within the
// administrator's own, see [userman.Service.Within]. Somebody narrowed to other
// teams than the default one reaches nobody.
func (s *Site) PeopleFor(a *ampusers.Administrator) *userman.Service {
	switch {
	case !a.CanTeam(""):
		return s.People.Within(func(string) bool { return false })
	case a.Access == ampusers.Full || a.Extensions.IsBlank():
		return s.People
	}
	return s.People.Within(a.Clone().CanExtension)
}
