// Schema records of types, casts, operators and their classes, collations and conversions.
#include "schema/schema_queries.hpp"
#include "base/schema_sql.hpp"

namespace pgdr {

namespace {

// Composite types list their attributes; of the others each has its own words. Labels stand in sort
// order.
constexpr char kTypes[] =
    "SELECT t.kind, t.identity, 'definition', 'strict', CASE t.typtype"
    " WHEN 'c' THEN 'AS (' || coalesce((SELECT string_agg(quote_ident(a.attname) || ' ' ||"
    "   format_type(a.atttypid, a.atttypmod) ||"
    "   CASE WHEN a.attcollation NOT IN (0, ty.typcollation) THEN ' COLLATE ' ||"
    "    (SELECT quote_ident(n.nspname) || '.' || quote_ident(co.collname) FROM pg_collation co"
    "     JOIN pg_namespace n ON n.oid = co.collnamespace WHERE co.oid = a.attcollation)"
    "   ELSE '' END, ', ' ORDER BY a.attnum) FROM pg_attribute a JOIN pg_type ty ON ty.oid = a.atttypid"
    "   WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '') || ')'"
    " WHEN 'e' THEN 'AS ENUM (' || coalesce((SELECT string_agg(quote_literal(e.enumlabel), ', '"
    "   ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid), '') || ')'"
    " WHEN 'r' THEN (SELECT concat_ws(', ', 'AS RANGE (SUBTYPE = ' || format_type(r.rngsubtype, NULL),"
    "   (SELECT 'SUBTYPE_OPCLASS = ' || quote_ident(n.nspname) || '.' || quote_ident(o.opcname)"
    "    FROM pg_opclass o JOIN pg_namespace n ON n.oid = o.opcnamespace WHERE o.oid = r.rngsubopc),"
    "   (SELECT 'COLLATION = ' || quote_ident(n.nspname) || '.' || quote_ident(co.collname)"
    "    FROM pg_collation co JOIN pg_namespace n ON n.oid = co.collnamespace"
    "    WHERE co.oid = r.rngcollation),"
    "   CASE WHEN r.rngcanonical::oid <> 0 THEN 'CANONICAL = ' || r.rngcanonical END,"
    "   CASE WHEN r.rngsubdiff::oid <> 0 THEN 'SUBTYPE_DIFF = ' || r.rngsubdiff END) || ')'"
    "   FROM pg_range r WHERE r.rngtypid = t.oid)"
    " WHEN 'b' THEN concat_ws(', ', 'INPUT = ' || t.typinput, 'OUTPUT = ' || t.typoutput,"
    "   CASE WHEN t.typreceive::oid <> 0 THEN 'RECEIVE = ' || t.typreceive END,"
    "   CASE WHEN t.typsend::oid <> 0 THEN 'SEND = ' || t.typsend END,"
    "   CASE WHEN t.typmodin::oid <> 0 THEN 'TYPMOD_IN = ' || t.typmodin END,"
    "   CASE WHEN t.typmodout::oid <> 0 THEN 'TYPMOD_OUT = ' || t.typmodout END,"
    "   CASE WHEN t.typanalyze::oid <> 0 THEN 'ANALYZE = ' || t.typanalyze END,"
    // What CREATE TYPE … (ELEMENT = …) has meant since 14 goes without saying.
    PGDR_FROM_14("CASE WHEN t.typsubscript::oid <> 0 AND"
      " t.typsubscript <> 'raw_array_subscript_handler'::regproc THEN"
      " 'SUBSCRIPT = ' || t.typsubscript END,", "")
    "   CASE WHEN t.typbyval THEN 'PASSEDBYVALUE' END,"
    "   CASE WHEN t.typcollation <> 0 THEN 'COLLATABLE' END,"
    "   CASE WHEN t.typdelim <> ',' THEN 'DELIMITER = ' || quote_literal(t.typdelim::text) END,"
    "   'LENGTH = ' || t.typlen, 'ALIGNMENT = ' || t.typalign::text, 'STORAGE = ' || t.typstorage::text,"
    "   'CATEGORY = ' || t.typcategory::text, 'PREFERRED = ' || t.typispreferred,"
    "   CASE WHEN t.typelem <> 0 THEN 'ELEMENT = ' || format_type(t.typelem, NULL) END,"
    "   'DEFAULT = ' || t.typdefault)"
    " WHEN 'p' THEN CASE WHEN t.typisdefined THEN 'PSEUDO' ELSE 'SHELL' END END"
    " FROM " PGDR_TYPES " t WHERE t.typtype <> 'd'";

// Version 14 brought multiranges (6df7a9698bb0), and with them one for each range type.
constexpr char kMultiranges[] =
    "SELECT t.kind, t.identity, 'multirange', 'strict',"
    " " PGDR_FROM_14("format_type(r.rngmultitypid, NULL)",
                     "NULL") " FROM " PGDR_TYPES
                             " t JOIN pg_range r ON r.rngtypid = t.oid" PGDR_FROM_14(
                                 "", " WHERE false");

// The base type's collation is looked up for each domain: a join would be made row against row
// where there are many more types than when the catalog was analyzed last.
constexpr char kDomains[] =
    "SELECT t.kind, t.identity, 'definition', 'strict',"
    " 'AS ' || format_type(t.typbasetype, t.typtypmod) ||"
    " CASE WHEN t.typcollation NOT IN (0, (SELECT base.typcollation FROM pg_type base"
    "   WHERE base.oid = t.typbasetype)) THEN ' COLLATE ' ||"
    "  (SELECT quote_ident(n.nspname) || '.' || quote_ident(co.collname) FROM pg_collation co"
    "   JOIN pg_namespace n ON n.oid = co.collnamespace WHERE co.oid = t.typcollation)"
    " ELSE '' END || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END ||"
    " coalesce(' DEFAULT ' || d.expression, ''), 'e'::\"char\", t.oid,"
    " CASE WHEN d.expression IS NOT NULL THEN ARRAY[d.expression] END"
    " FROM " PGDR_TYPES
    " t CROSS JOIN LATERAL (SELECT pg_get_expr(t.typdefaultbin, 0) AS expression) d"
    " WHERE t.typtype = 'd'";

constexpr char kCasts[] =
    "SELECT 'cast', c.identity, 'definition', 'strict',"
    " CASE c.castmethod WHEN 'f' THEN 'WITH FUNCTION ' || c.castfunc::regprocedure"
    "  WHEN 'i' THEN 'WITH INOUT' ELSE 'WITHOUT FUNCTION' END ||"
    " CASE c.castcontext WHEN 'a' THEN ' AS ASSIGNMENT' WHEN 'i' THEN ' AS IMPLICIT' ELSE '' END"
    " FROM " PGDR_CASTS " c";

// An operator without a function is a mere name that another one gave as its commutator or negator;
// a dump leaves it out.
constexpr char kOperators[] =
    "SELECT 'operator', o.identity, 'definition',"
    " CASE WHEN o.oprcode::oid = 0 THEN 'warning' ELSE 'strict' END, concat_ws(', ',"
    " 'FUNCTION = ' || o.oprcode, 'RESULT = ' || format_type(o.oprresult, NULL),"
    " CASE WHEN o.oprcom <> 0 THEN 'COMMUTATOR = ' || o.oprcom::regoperator END,"
    " CASE WHEN o.oprnegate <> 0 THEN 'NEGATOR = ' || o.oprnegate::regoperator END,"
    " CASE WHEN o.oprrest::oid <> 0 THEN 'RESTRICT = ' || o.oprrest END,"
    " CASE WHEN o.oprjoin::oid <> 0 THEN 'JOIN = ' || o.oprjoin END,"
    " CASE WHEN o.oprcanmerge THEN 'MERGES' END, CASE WHEN o.oprcanhash THEN 'HASHES' END)"
    " FROM " PGDR_OPERATORS " o";

constexpr char kOperatorClasses[] =
    "SELECT 'operator class', c.identity, 'definition', 'strict', concat_ws(' ',"
    " CASE WHEN c.opcdefault THEN 'DEFAULT' END, 'FOR TYPE ' || format_type(c.opcintype, NULL),"
    " 'FAMILY ' || quote_ident(n.nspname) || '.' || quote_ident(f.opfname),"
    " CASE WHEN c.opckeytype <> 0 THEN 'STORAGE ' || format_type(c.opckeytype, NULL) END)"
    " FROM " PGDR_OPCLASSES("pg_opclass", "opc", "opc") " c"
    " JOIN pg_opfamily f ON f.oid = c.opcfamily JOIN pg_namespace n ON n.oid = f.opfnamespace";

#define PGDR_OPERATOR_MEMBER(a)                                                              \
  "format('OPERATOR %s %s FOR %s%s', " a ".amopstrategy, " a ".amopopr::regoperator, " a     \
  ".amoppurpose, CASE WHEN " a                                                               \
  ".amopsortfamily <> 0 THEN ' BY ' || (SELECT quote_ident(n.nspname) || '.' ||"             \
  " quote_ident(s.opfname) FROM pg_opfamily s JOIN pg_namespace n ON n.oid = s.opfnamespace" \
  " WHERE s.oid = " a ".amopsortfamily) ELSE '' END)"
#define PGDR_FUNCTION_MEMBER(p)                                          \
  "format('FUNCTION %s (%s, %s) %s', " p ".amprocnum, format_type(" p    \
  ".amproclefttype, NULL), format_type(" p ".amprocrighttype, NULL), " p \
  ".amproc::oid::regprocedure)"

constexpr char kOperatorFamilies[] =
    "SELECT 'operator family', f.identity, 'definition', 'strict', concat_ws(', ',"
    " (SELECT string_agg(" PGDR_OPERATOR_MEMBER("a") ", ', '"
    "    ORDER BY a.amopstrategy, a.amopopr::regoperator::text COLLATE \"C\")"
    "  FROM pg_amop a WHERE a.amopfamily = f.oid),"
    " (SELECT string_agg(" PGDR_FUNCTION_MEMBER("p") ", ', ' ORDER BY p.amprocnum,"
    "    p.amproc::oid::regprocedure::text COLLATE \"C\")"
    "  FROM pg_amproc p WHERE p.amprocfamily = f.oid))"
    " FROM " PGDR_OPCLASSES("pg_opfamily", "opf", "opf") " f";

// The members of operator families, and the class that a dump writes each of them with; none for a
// loose member, which it writes with the family. pg_depend holds that, and from 14 on the access
// method has a say in it (amadjustmembers, 9f9682783bea): what it makes of a member when the dump
// is restored is taken here for what it was, so that 13 gives the same text. pg_depend is looked up
// for each member (OFFSET 0, and no index on what it refers to), as a join would read all for each.
//
// 330 to 334: bthandler, hashhandler, gisthandler, ginhandler, spghandler.
#define PGDR_FAMILY_MEMBERS \
  "(SELECT m.*, fam.opfname, fam.opfnamespace, fam.opfmethod, d.refobjid AS written_with,"         \
  "  CASE WHEN am.amhandler::oid IN (330, 331) THEN CASE WHEN d.refobjid IS NOT NULL"              \
  "     AND m.lefttype = m.righttype AND (NOT m.function OR m.number = 1) THEN"                    \
  "     coalesce((SELECT c.oid FROM pg_opclass c WHERE c.oid = d.refobjid"                         \
  "        AND c.opcfamily = m.family AND c.opcintype = m.lefttype),"                              \
  "      (SELECT c.oid FROM pg_opclass c WHERE c.opcfamily = m.family"                             \
  "        AND c.opcintype = m.lefttype ORDER BY c.opcname LIMIT 1)) END"                          \
  "   WHEN am.amhandler::oid IN (332, 333, 334) AND NOT (m.function AND m.number = ANY (CASE"      \
  "     am.amhandler::oid WHEN 332 THEN '{1,2,5,6,7}' WHEN 333 THEN '{2,3}'"                       \
  "     ELSE '{1,2,3,4,5}' END::smallint[])) THEN NULL ELSE d.refobjid END AS class"               \
  " FROM (SELECT 'pg_amop'::regclass AS catalog, a.oid, a.amopfamily AS family,"                   \
  "   a.amoplefttype AS lefttype, a.amoprighttype AS righttype, false AS function,"                \
  "   a.amopstrategy AS number, 'pg_operator'::regclass AS source, a.amopopr AS object,"           \
  "   " PGDR_OPERATOR_MEMBER("a") " AS text FROM pg_amop a"                                        \
  "  UNION ALL SELECT 'pg_amproc'::regclass, p.oid, p.amprocfamily, p.amproclefttype,"             \
  "   p.amprocrighttype, true, p.amprocnum, 'pg_proc'::regclass, p.amproc::oid,"                   \
  "   " PGDR_FUNCTION_MEMBER("p") " FROM pg_amproc p) m"                                           \
  " JOIN pg_opfamily fam ON fam.oid = m.family JOIN pg_am am ON am.oid = fam.opfmethod"            \
  " LEFT JOIN LATERAL (SELECT x.refobjid FROM pg_depend x WHERE x.classid = m.catalog"             \
  "   AND x.objid = m.oid AND x.refclassid IS NOT DISTINCT FROM 'pg_opclass'::regclass"            \
  "   OFFSET 0) d ON true"                                                                         \
  " WHERE m.oid >= " PGDR_USER_OID ")"

constexpr char kClassMembers[] =
    "SELECT 'operator class', c.identity, 'members', 'strict', string_agg(m.text, ', '"
    "  ORDER BY m.function, m.number, m.text COLLATE \"C\")"
    " FROM " PGDR_FAMILY_MEMBERS " m JOIN " PGDR_OPCLASSES(
        "pg_opclass", "opc", "opc") " c ON c.oid = m.class GROUP BY c.identity";

// A family of the system or of an extension has no record of its own. What somebody added to it is
// in a dump only together with a class; the rest is lost, and with it the use of indexes.
constexpr char kAddedMembers[] =
    "SELECT 'operator family', quote_ident(n.nspname) || '.' || quote_ident(m.opfname) || ' USING '"
    " || quote_ident(am.amname), 'added members', 'warning', string_agg(m.text, ', '"
    "  ORDER BY m.function, m.number, m.text COLLATE \"C\")"
    " FROM " PGDR_FAMILY_MEMBERS
    " m JOIN pg_namespace n ON n.oid = m.opfnamespace JOIN pg_am am ON am.oid = m.opfmethod"
    " LEFT JOIN pg_depend fd ON fd.classid = 'pg_opfamily'::regclass AND fd.objid = m.family"
    "  AND fd.deptype = 'e'"
    " WHERE m.class IS NULL AND NOT EXISTS (SELECT FROM pg_depend x WHERE x.deptype = 'e' AND"
    "  (x.classid = m.source AND x.objid = m.object"
    "   OR x.classid = 'pg_opclass'::regclass AND x.objid = m.written_with))"
    " AND CASE WHEN fd.objid IS NULL THEN n.nspname = 'pg_catalog'"
    "  ELSE m.object >= " PGDR_USER_OID
    " END"
    " GROUP BY n.nspname, m.opfname, am.amname";

constexpr char kCollations[] =
    "SELECT 'collation', c.identity, f.facet, f.class, f.definition"
    " FROM " PGDR_OBJECTS("pg_collation", "coll") " c"
    " CROSS JOIN LATERAL (VALUES ('definition', 'strict', concat_ws(', ',"
    "  'PROVIDER = ' || c.collprovider::text, 'DETERMINISTIC = ' || c.collisdeterministic,"
    // No encoding: it has to be the database's or any, or the collation could not be used, and
    // CREATE COLLATION … FROM copies "any" where a dump's CREATE COLLATION writes the database's.
    // Before 15 the locale of ICU stood where that of libc does (f2553d43060e).
    "  CASE WHEN c.collprovider <> 'i' THEN 'LC_COLLATE = ' || quote_literal(c.collcollate) END,"
    "  CASE WHEN c.collprovider <> 'i' THEN 'LC_CTYPE = ' || quote_literal(c.collctype) END,"
    "  'LOCALE = ' || quote_literal(" PGDR_FROM_17("c.colllocale", PGDR_FROM_15("c.colliculocale",
      "CASE WHEN c.collprovider = 'i' THEN c.collcollate END")) ")"
    PGDR_FROM_16(", 'RULES = ' || quote_literal(c.collicurules)", "") ")),"
    "  ('version', 'warning', c.collversion)) f(facet, class, definition)"
    " WHERE " PGDR_PRESENT("f");

constexpr char kConversions[] =
    "SELECT 'conversion', c.identity, 'definition', 'strict',"
    " CASE WHEN c.condefault THEN 'DEFAULT ' ELSE '' END || 'FOR ' ||"
    " pg_encoding_to_char(c.conforencoding) || ' TO ' || pg_encoding_to_char(c.contoencoding) ||"
    " ' FROM ' || c.conproc FROM " PGDR_OBJECTS("pg_conversion", "con") " c";

}  // namespace

const char* const kTypeQueries[] = {
    kTypes,        kMultiranges,     kDomains,          kCasts,
    kOperators,    kOperatorClasses, kOperatorFamilies, kClassMembers,
    kAddedMembers, kCollations,      kConversions,      nullptr};

}  // namespace pgdr
