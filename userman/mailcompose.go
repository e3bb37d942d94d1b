package userman

import (
	"context"
	"time"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// compose writes the mail to u.
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

// Preview returns a preview of a mail to the user. The links in the preview do not
// work. Preview changes nothing. It returns an error wrapping [store.ErrInvalid] on
// "kind" for an unknown kind. It returns an error wrapping [store.ErrConflict] for a
// mail that is not sent to users whose directory manages the password.
func (ms *MailService) Preview(ctx context.Context, kind usermail.Kind, username string) (*usermail.Mail, error) {
	u, err := ms.s.find(ctx, username)
	if err != nil {
		return nil, err
	}
	if kind == usermail.Reset {
		if err := ms.s.requireLocalPassword(u); err != nil {
			return nil, err
		}
	}
	data, err := ms.s.previewData(ctx, u, kind)
	if err != nil {
		return nil, err
	}
	return ms.s.renderMail(u, kind, data)
}

// previewData returns the data of a mail to u, with links that do not work.
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

// previewURL returns a link that does not work; a path without a BaseURL.
func (s *Service) previewURL(path string) string {
	if url := s.linkURL(path, store.NewSecret(previewToken)); !url.IsZero() {
		return url.Reveal()
	}
	return path + previewToken
}

// previewToken replaces the token in a preview. It has the length of a token.
const previewToken = "this-is-a-preview-and-the-link-does-nothing"

// mailData returns the data of mails to u without the links.
func (s *Service) mailData(ctx context.Context, u *User) (usermail.Data, error) {
	resolver, err := s.permissionResolver(ctx)
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

// renderMail renders a mail in the language of u.
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

// locationOf returns the time zone of u; UTC if it is unknown.
func locationOf(u *User) *time.Location {
	zone, err := time.LoadLocation(u.TimeZone)
	if err != nil {
		return time.UTC
	}
	return zone
}
