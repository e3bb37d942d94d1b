package web

import (
	"slices"

	"github.com/pbxusers/pbxusers/examples/internal/site"
)

// onePerson is the page of a person. No address with more parts may have a word
// of its own in the place of the username: the routes would be ambiguous.
const onePerson = "/people/{username}"

// personRoutes are the pages of people, and of the directories that they come
// from.
func personRoutes() []route {
	const section, directory = site.SectionPeople, "/directories/{directory}"
	list := []route{
		get("/people", section, (*visit).personList),
		get("/people/new", section, (*visit).personNew),
		post("/people/new", section, (*visit).personCreate),
		get("/people/welcome", section, (*visit).welcomeAll),
		post("/people/welcome", section, (*visit).welcomeAllStart),
		get(deletedPeoplePath, section, (*visit).deletedList),
		get(deletedPeoplePath+"/{id}/restore", section, (*visit).deletedAskRestore),
		post(deletedPeoplePath+"/{id}/restore", section, (*visit).deletedRestore),
		get(deletedPeoplePath+"/{id}/purge", section, (*visit).deletedAskPurge),
		post(deletedPeoplePath+"/{id}/purge", section, (*visit).deletedPurge),
		get(directory, section, (*visit).directorySync),
		post(directory, section, (*visit).directorySyncStart),
	}
	return slices.Concat(list, onePersonRoutes(), personLoginRoutes(), tokenRoutes())
}

func onePersonRoutes() []route {
	const section = site.SectionPeople
	picture := post(onePerson+"/picture", section, (*visit).personSetPicture)
	picture.upload = true
	return []route{
		get(onePerson, section, (*visit).personForm),
		post(onePerson, section, (*visit).personSave),
		get(onePerson+"/delete", section, (*visit).personAskDelete),
		post(onePerson+"/delete", section, (*visit).personDelete),
		post(onePerson+"/disable", section, (*visit).personDisable),
		post(onePerson+"/enable", section, (*visit).personEnable),
		get(onePerson+"/permissions", section, (*visit).personPermissions),
		post(onePerson+"/permissions", section, (*visit).personSavePermissions),
		get(onePerson+"/picture", section, (*visit).personPicture),
		picture,
		post(onePerson+"/picture/remove", section, (*visit).personRemovePicture),
	}
}

// personLoginRoutes are how a person gets to log in, or not.
func personLoginRoutes() []route {
	const section = site.SectionPeople
	return []route{
		post(onePerson+"/welcome", section, (*visit).personWelcome),
		post(onePerson+"/reset", section, (*visit).personReset),
		get(onePerson+"/mail/{kind}", section, (*visit).personMail),
		get(onePerson+"/link", section, (*visit).personLinked),
		post(onePerson+"/link", section, (*visit).personLink),
		get(onePerson+"/softphone", section, (*visit).personSoftphoneLinked),
		post(onePerson+"/softphone", section, (*visit).personSoftphone),
		get(onePerson+"/password", section, (*visit).personAskPassword),
		post(onePerson+"/password", section, (*visit).personSetPassword),
		get(onePerson+"/password/generated", section, (*visit).personPasswordGenerated),
		get(onePerson+"/second-factor/remove", section, (*visit).personAskRemoveFactor),
		post(onePerson+"/second-factor/remove", section, (*visit).personRemoveFactor),
		post(onePerson+"/sessions/end", section, (*visit).personEndSessions),
	}
}

func tokenRoutes() []route {
	const section, all, one = site.SectionPeople, onePerson + "/tokens", onePerson + "/tokens/{id}"
	return []route{
		get(all, section, (*visit).tokenList),
		get(all+"/new", section, (*visit).tokenNew),
		post(all+"/new", section, (*visit).tokenCreate),
		get(one, section, (*visit).tokenForm),
		post(one, section, (*visit).tokenSave),
		get(one+"/key", section, (*visit).tokenKey),
		get(one+"/rotate", section, (*visit).tokenAskRotate),
		post(one+"/rotate", section, (*visit).tokenRotate),
		get(one+"/delete", section, (*visit).tokenAskDelete),
		post(one+"/delete", section, (*visit).tokenDelete),
	}
}
