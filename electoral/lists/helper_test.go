package lists_test

import (
	"time"

	"github.com/liste-elettorali/anpr/electoral"
)

const aglie = "A074"

var noon = time.Date(2026, 11, 22, 11, 0, 0, 123_456_789, time.UTC)

var pollsPurpose = electoral.Purpose{Act: electoral.ChamberAct, Function: "liste per il seggio"}

func officer(comune string) electoral.Request {
	return electoral.Request{ID: "req-1", Actor: electoral.Actor{
		FiscalCode: "FFCLTR70A01H501Z", Role: electoral.OfficerRole, Comune: comune, Method: electoral.SPIDMethod, Level: 2,
	}}
}

func electorOf(id, comune, section string) electoral.Elector {
	return electoral.Elector{
		ANPRID: id, Capacity: electoral.Yes, General: &electoral.Enrolment{Comune: comune, Section: section},
		Status: electoral.Status{
			NationalReferendums: electoral.Yes, EuropeanParliament: electoral.Yes, Senate: electoral.Yes, SenateConstituency: "PIEMONTE",
			Chamber: electoral.Yes, ChamberConstituency: "PIEMONTE 1", Regional: electoral.Yes, Comunal: electoral.Yes, District: electoral.No,
		},
	}
}
