package web

import (
	"net/url"
	"slices"
	"strings"

	"github.com/pbxusers/pbxusers/userman"
)

// userInput is what the form of a person holds.
type userInput struct {
	Username, DefaultExtension, Description string
	Title, Company, Department              string
	FirstName, LastName, DisplayName        string
	Email, OtherEmails                      string
	CellPhone, HomePhone, WorkPhone, Fax    string
	Language, TimeZone, LinkedExtensions    string
	Groups                                  []string
}

// userText is a field of a person that is one line, or a list written with
// commas: its name and where it is in the form and in the record.
type userText struct {
	name string
	in   *string
	text *string
	list *[]string
}

// texts pairs the texts of the form with those of u.
func (in *userInput) texts(u *userman.User) []userText {
	return []userText{
		{"username", &in.Username, &u.Username, nil},
		{"default_extension", &in.DefaultExtension, &u.DefaultExtension, nil},
		{"description", &in.Description, &u.Description, nil},
		{"title", &in.Title, &u.Title, nil},
		{"company", &in.Company, &u.Company, nil},
		{"department", &in.Department, &u.Department, nil},
		{"first_name", &in.FirstName, &u.FirstName, nil},
		{"last_name", &in.LastName, &u.LastName, nil},
		{"display_name", &in.DisplayName, &u.DisplayName, nil},
		{"email", &in.Email, &u.Email, nil},
		{"other_emails", &in.OtherEmails, nil, &u.OtherEmails},
		{"cell_phone", &in.CellPhone, &u.CellPhone, nil},
		{"home_phone", &in.HomePhone, &u.HomePhone, nil},
		{"work_phone", &in.WorkPhone, &u.WorkPhone, nil},
		{"fax", &in.Fax, &u.Fax, nil},
		{"language", &in.Language, &u.Language, nil},
		{"time_zone", &in.TimeZone, &u.TimeZone, nil},
		{"linked_extensions", &in.LinkedExtensions, nil, &u.LinkedExtensions},
	}
}

func readUser(form url.Values) userInput {
	in := userInput{Groups: form["groups"]}
	for _, t := range in.texts(&userman.User{}) {
		*t.in = form.Get(t.name)
	}
	return in
}

func inputOfUser(u *userman.User) userInput {
	in := userInput{Groups: slices.Clone(u.Groups)}
	for _, t := range in.texts(u) {
		if t.list != nil {
			*t.in = strings.Join(*t.list, ", ")
			continue
		}
		*t.in = *t.text
	}
	return in
}

// fill puts the form into u.
func (in *userInput) fill(u *userman.User) {
	for _, t := range in.texts(u) {
		if t.list != nil {
			*t.list = splitList(*t.in)
			continue
		}
		*t.text = strings.TrimSpace(*t.in)
	}
	u.Groups = slices.Clone(in.Groups)
}
