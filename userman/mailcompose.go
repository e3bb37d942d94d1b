package userman

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// compose writes the mail as it is sent to u.
func (m *deliveryJob) compose(ctx context.Context, u *User) (*usermail.Mail, error) {
	data, err := m.service.mailData(ctx, u)
	if err != nil {
		return nil, err
	}
	if m.password != nil {
		data.Link, data.ValidUntil = m.password.URL.Reveal(), m.password.ExpiresAt.In(locationOf(u))
	}
	if m.activation != nil {
		data.ActivationLink = m.activation.URL.Reveal()
	}
	data.NoActivation = m.noActivation
	return m.service.renderMail(u, m.kind, data)
}

// PreviewMail writes the mail as the person would get it, with links that do
// not work, and changes nothing. A [store.InvalidError] on "kind" when there is
// no such mail, and a [store.ConflictError] when it is not sent to people whose
// directory keeps the password.
func (s *Service) PreviewMail(ctx context.Context, kind usermail.Kind, username string) (*usermail.Mail, error) {
	u, err := s.find(ctx, username)
	if err != nil {
		return nil, err
	}
	if kind == usermail.Reset {
		if err := s.requireLocalPassword(u); err != nil {
			return nil, err
		}
	}
	data, err := s.previewData(ctx, u, kind)
	if err != nil {
		return nil, err
	}
	return s.renderMail(u, kind, data)
}

// previewData returns what a mail to u says, with links that do not work.
func (s *Service) previewData(ctx context.Context, u *User, kind usermail.Kind) (usermail.Data, error) {
	data, err := s.mailData(ctx, u)
	if err != nil {
		return usermail.Data{}, err
	}
	if !s.passwordIsExternal(u) {
		data.Link, data.ValidUntil = s.previewURL(SetPasswordPath), s.now().Add(s.linkLifetime(kind)).In(locationOf(u))
	}
	if kind != usermail.Welcome {
		return data, nil
	}
	activatable, reason, err := s.canActivate(ctx, u)
	if activatable {
		data.ActivationLink = s.previewURL(ActivationPath)
	}
	data.NoActivation = reason
	return data, err
}

// previewURL returns a link that does not work, or a path where it is not known
// how people reach the product.
func (s *Service) previewURL(path string) string {
	if url := s.linkURL(path, store.NewSecret(previewToken)); !url.IsZero() {
		return url.Reveal()
	}
	return path + previewToken
}

// previewToken has the length of a token. A preview shows it in its place.
const previewToken = "this-is-a-preview-and-the-link-does-nothing"

// mailData returns what mails to u say, but for the links.
func (s *Service) mailData(ctx context.Context, u *User) (usermail.Data, error) {
	resolver, err := s.PermissionResolver(ctx)
	if err != nil {
		return usermail.Data{}, err
	}
	data := usermail.Data{
		Product: s.opts.Product, Name: u.Name(), FirstName: u.FirstName, Username: u.Username, DefaultExtension: u.DefaultExtension,
	}
	if s.opts.BaseURL != nil {
		data.BaseURL = s.opts.BaseURL.String()
	}
	perms := resolver.For(u.PermissionSubject())
	for _, service := range permission.LoginServices(s.Permissions()) {
		if perms.Enabled(permission.LoginID(service)) {
			data.Services = append(data.Services, service)
		}
	}
	return data, nil
}

// renderMail writes a mail to u, in the language of u.
func (s *Service) renderMail(u *User, kind usermail.Kind, data usermail.Data) (*usermail.Mail, error) {
	templates := s.opts.Templates
	if templates == nil {
		templates = usermail.DefaultTemplates()
	}
	message, err := templates.Render(kind, data, u.Language, s.opts.Language)
	if err != nil {
		return nil, err
	}
	message.To, message.ToName = u.Email, validate.SanitizeLine(u.Name())
	return message, nil
}

// locationOf returns the time zone of u; UTC where it is not known here.
func locationOf(u *User) *time.Location {
	zone, err := time.LoadLocation(u.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}
