#include "agent/forwarder/scram.h"

#include "tests/support/catch.h"

namespace fieldpost {

// RFC 7677, 3.
TEST_CASE("scram: the exchange of the standard") {
  Scram scram("SCRAM-SHA-256", "user", "pencil", "rOprNGfwEbeRWgbNEkqO");
  CHECK(scram.first() == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  CHECK_FALSE(scram.proves("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
  CHECK(scram.last("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096") ==
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  CHECK(scram.proves("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
  CHECK_FALSE(scram.proves("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G5="));
  CHECK_FALSE(scram.proves("e=other-error"));
}

TEST_CASE("scram: a server that takes part in another exchange gets no proof") {
  Scram scram("SCRAM-SHA-512", "a,b=c", "pencil", "abc");
  CHECK(scram.first() == "n,,n=a=2Cb=3Dc,r=abc");
  for (const char* first :
       {"", "r=abc", "r=abc,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "r=xbcd,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
        "r=abcd,s=*,i=4096", "r=abcd,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=0", "r=abcd,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=999999999",
        "r=abcd,i=4096"}) {
    INFO(first);
    CHECK(scram.last(first).empty());
  }
  CHECK_FALSE(scram.last("r=abcd,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096").empty());
  CHECK(scram_nonce() != scram_nonce());
  CHECK(scram_nonce().size() == 32);
}

}  // namespace fieldpost
