package revision

import "github.com/liste-elettorali/anpr/electoral"

// A Minute is the record of a sitting of a revision ("verbale della tornata"),
// with its lists: who was enrolled, removed, changed, and what was not done.
type Minute struct {
	// Revision is the id of the revision, Comune the Belfiore code.
	Revision string `json:"revision"`
	Comune   string `json:"comune"`
	// ComuneName is the comune's name on the day of the minute.
	ComuneName string `json:"comuneName"`
	Kind       Kind   `json:"kind"`
	// Vote is the vote of an extraordinary revision, nil for another.
	Vote *electoral.Vote `json:"vote,omitzero"`
	// Sitting counts the minutes of a revision from 1; zero means all of it.
	Sitting int `json:"sitting"`
	// Day is the day of the sitting, Made the day on which this text was made.
	Day  electoral.Date `json:"day"`
	Made electoral.Date `json:"made"`
	// Enrolled, Removed and Changed are the lists of the minute, each in the
	// order of surname, name, birth. Refused are lines that could not be applied
	// and Rejected those that the officer rejected or withdrew.
	Enrolled []MinuteLine `json:"enrolled"`
	Removed  []MinuteLine `json:"removed"`
	Changed  []MinuteLine `json:"changed"`
	Refused  []MinuteLine `json:"refused"`
	Rejected []MinuteLine `json:"rejected"`
	// Told are the open questions of law that the sitting met, as warnings.
	Told electoral.Faults `json:"told,omitempty"`
}

// A MinuteLine is one line of a [Minute].
type MinuteLine struct {
	ANPRID  string         `json:"anprId"`
	Surname string         `json:"surname"`
	Name    string         `json:"name"`
	Birth   electoral.Date `json:"birth,omitzero"`
	// BirthPlace is the place of birth as the lists print it.
	BirthPlace string `json:"birthPlace,omitzero"`
	Cause      Cause  `json:"cause"`
	// What says in Italian what was done: «cancellazione dalla lista generale
	// ordinaria, sezione 3».
	What string `json:"what"`
	// Law is the article.
	Law string `json:"law"`
	// Code is ANPR's code of a removal, zero for another line.
	Code electoral.RemovalCode `json:"code,omitzero"`
	// Section is the number of the section after the change or, for a removal,
	// before it.
	Section string `json:"section,omitzero"`
	// Day is the day from which it takes effect.
	Day electoral.Date `json:"day,omitzero"`
	// Evidence are the documents and facts that it rests on.
	Evidence []string `json:"evidence,omitempty"`
	// Reason is why it was rejected, withdrawn or refused.
	Reason string `json:"reason,omitzero"`
}
