// Read a publication with DuckDB's Node client. Prints one JSON object.
// usage: node read.mjs DATABASE PARQUET_FOLDER
import { DuckDBInstance } from "@duckdb/node-api";

const [database, parquet] = process.argv.slice(2);
const instance = await DuckDBInstance.create(database, { access_mode: "READ_ONLY" });
const connection = await instance.connect();

async function rows(question) {
  const reader = await connection.runAndReadAll(question);
  return reader.getRowObjectsJson();
}

const channels = (from) => `
    select channel, cast(sum(contained_sessions) as bigint) as contained,
        cast(sum(closed_sessions) as bigint) as closed, min(started_date) as first_date
    from ${from} group by channel order by channel`;
console.log(
  JSON.stringify({
    version: (await rows("select version() as version"))[0].version,
    marts: (await rows("select table_name from duckdb_tables() order by table_name")).map(
      (row) => row.table_name,
    ),
    channels: await rows(channels("marts.containment_daily")),
    sessions: (await rows("select cast(count(*) as bigint) as n from marts.sessions"))[0].n,
    sessions_from_months: (
      await rows(`select cast(count(*) as bigint) as n from '${parquet}/sessions/*.parquet'`)
    )[0].n,
    from_parquet: await rows(channels(`'${parquet}/containment_daily.parquet'`)),
    comments: await rows(
      "select comment from duckdb_columns() where table_name = 'sessions' and column_name = 'outcome'",
    ),
  }),
);
