package userman

import (
	"context"
	"errors"
	"time"

	"github.com/pbxusers/pbxusers/internal/validate"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/userman/permission"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// issueLinks creates the links for the mail.
func (m *deliveryJob) issueLinks(ctx context.Context, u *User) (err error) {
	if !m.service.passwordIsExternal(u) {
		if m.password, err = m.service.issueLink(passwordLink, m.service.linkLifetime(m.kind)); err != nil {
			return err
		}
	}
	if m.kind != usermail.Welcome {
		return nil
	}
	activatable, reason, err := m.service.canActivate(ctx, u)
	if err != nil {
		return err
	}
	m.noActivation = reason
	if activatable {
		m.activation, err = m.service.issueLink(activationLink, m.service.opts().ActivationLifetime)
	}
	return err
}

// linkLifetime returns the lifetime of the link in a mail.
func (s *Service) linkLifetime(kind usermail.Kind) time.Duration {
	if kind == usermail.Reset {
		return s.opts().ResetLifetime
	}
	return s.opts().InvitationLifetime
}

// canActivate reports whether a softphone of u can be set up. If not, although the user
// has the permission and the options have SIPAccounts, it returns the reason.
func (s *Service) canActivate(ctx context.Context, u *User) (_ bool, reason string, _ error) {
	allowed, err := s.hasPermission(ctx, u, permission.SoftphoneActivate)
	if err != nil || !allowed || s.opts().SIPAccounts == nil {
		return false, "", err
	}
	_, err = s.sipAccount(ctx, u)
	if conflict, ok := errors.AsType[*store.ConflictError](err); ok {
		return false, conflict.Reason, nil
	}
	return err == nil, "", err
}

// storeLinks sets the links in u. Only the reader of the mail knows the links: their
// creator is that of the address.
func (m *deliveryJob) storeLinks(u *User) {
	if m.password != nil {
		m.earlierPassword = u.Credentials.Invitation
		m.password.assign(u, u.EmailCreator)
	}
	if m.activation != nil {
		m.earlierActivation = u.Activation
		m.activation.assign(u, u.EmailCreator)
	}
}

// restoreLinks restores the earlier links if the new ones were not sent, unless they
// were replaced or used since, or a grant may have revoked them. An administrator may
// have given an earlier link to the user. A visitor who requests a reset must not
// invalidate it.
func (m *deliveryJob) restoreLinks(ctx context.Context, u *User) error {
	if err := m.service.restoreLink(ctx, u, m.password, m.earlierPassword); err != nil {
		return err
	}
	return m.service.restoreLink(ctx, u, m.activation, m.earlierActivation)
}

func (s *Service) restoreLink(ctx context.Context, u *User, link *issuedLink, earlier *credential.OneTimeToken) error {
	if link == nil || !link.stored.Equal(*link.kind.slot(u)) {
		return nil
	}
	*link.kind.slot(u) = nil
	if earlier == nil {
		return nil
	}
	covers, err := s.creatorCovers(ctx, earlier.Creator, u)
	if covers {
		*link.kind.slot(u) = earlier.Clone()
	}
	return err
}

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
		return nil, ms.s.recordDenied(ctx, username, err)
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
	o := s.opts()
	data := usermail.Data{
		Product: o.Product, Name: u.Name(), FirstName: u.FirstName, Username: u.Username, DefaultExtension: u.DefaultExtension,
	}
	if o.BaseURL != nil {
		data.BaseURL = o.BaseURL.String()
		data.PortalURL = o.BaseURL.JoinPath(PortalPath).String()
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
	templates := s.opts().Templates
	if templates == nil {
		templates = usermail.DefaultTemplates()
	}
	message, err := templates.Render(kind, data, u.Language, s.opts().Language)
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
