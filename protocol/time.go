package protocol

import "time"

// The first and the last Unix second whose year has four digits.
const (
	year0    = -62_167_219_200
	year9999 = 253_402_300_799
)

// appendTime appends t in UTC in the form of RFC 3339, with as many fractional
// digits as needed: the result of time.Time.AppendText, in half the time. It
// reports false if the year does not have four digits.
func appendTime(dst []byte, t time.Time) ([]byte, bool) {
	unix := t.Unix()
	if unix < year0 || unix > year9999 {
		return dst, false
	}
	seconds := uint64(unix - year0)
	year, month, day := date(uint32(seconds / 86400))
	second := uint32(seconds % 86400)

	text := [...]byte{4: '-', 7: '-', 10: 'T', 13: ':', 16: ':', 19: '.', 29: 0}
	putTwo(text[0:], year/100)
	putTwo(text[2:], year%100)
	putTwo(text[5:], month)
	putTwo(text[8:], day)
	putTwo(text[11:], second/3600)
	putTwo(text[14:], second/60%60)
	putTwo(text[17:], second%60)
	end := len("2006-01-02T15:04:05")
	if ns := uint32(t.Nanosecond()); ns != 0 {
		text[20] = '0' + byte(ns/100_000_000)
		putTwo(text[21:], ns/1_000_000%100)
		putTwo(text[23:], ns/10_000%100)
		putTwo(text[25:], ns/100%100)
		putTwo(text[27:], ns%100)
		for end = 29; text[end-1] == '0'; end-- {
		}
	}
	text[end] = 'Z'
	return append(dst, text[:end+1]...), true
}

func putTwo(text []byte, n uint32) {
	text[0], text[1] = '0'+byte(n/10), '0'+byte(n%10)
}

// date returns the date that is the given number of days after 1 January of year
// 0, with the algorithm of Neri and Schneider, "Euclidean affine functions and their
// application to calendar algorithms" (2022), figure 12, whose years begin in
// March.
func date(days uint32) (year, month, day uint32) {
	const leapCycle = 400*365 + 97 // days in 400 years
	days += leapCycle - 60         // from 1 March of the year −400
	century, rest := (4*days+3)/leapCycle, (4*days+3)%leapCycle/4
	product := 2939745 * uint64(4*rest+3)
	dayOfYear := uint32(product) / 2939745 / 4
	year = 100*century + uint32(product>>32) - 400
	monthAndDay := 2141*dayOfYear + 197913
	month, day = monthAndDay>>16, monthAndDay&0xffff/2141+1
	if dayOfYear >= 306 { // January and February are the next year's
		return year + 1, month - 12, day
	}
	return year, month, day
}
