package api

import (
	"context"
	"net/http"

	"github.com/pbxusers/pbxusers/userman"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// mailPreview is a mail as a person would get it.
type mailPreview struct {
	To      string `json:"to"`
	ToName  string `json:"to_name"`
	Subject string `json:"subject"`
	Text    string `json:"text"`
	HTML    string `json:"html"`
}

type previewMailInput struct {
	UserPath
	Kind usermail.Kind `doc:"Which mail." enum:"welcome,reset" path:"kind"`
}

func (a *api) registerMailPreview(g operationGroup) {
	register(g, operation{
		id: "previewMail", method: http.MethodGet, path: "/users/{username}/mails/{kind}", summary: "Show a mail as a person would get it",
		description: "Nothing is sent, and the links in it do not work. There is no reset mail for a person whose directory keeps the password.",
		errors:      []int{http.StatusConflict}, response: exampleMailPreview(),
	}, a.previewMail)
}

func (a *api) previewMail(ctx context.Context, input *previewMailInput) (*struct{ Body mailPreview }, error) {
	m, err := a.users(ctx).PreviewMail(ctx, input.Kind, input.Username)
	if err != nil {
		return nil, err
	}
	return &struct{ Body mailPreview }{mailPreview{To: m.To, ToName: m.ToName, Subject: m.Subject, Text: m.Text, HTML: m.HTML}}, nil
}

func exampleMailPreview() mailPreview {
	return mailPreview{
		To: "jane.roe@example.com", ToName: "Jane Roe", Subject: "Set a new password for pbxusers",
		Text: "Hello Jane Roe,\n\nOpen this link to set a new password: https://pbx.example.com" + userman.SetPasswordPath + "preview\n",
		HTML: "<!DOCTYPE html><html lang=\"en\"><body><p>Hello Jane Roe,</p></body></html>",
	}
}
