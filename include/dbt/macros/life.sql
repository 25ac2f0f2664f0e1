{#
    The life of an article: the one place that says why a size lives or ended in a branch, from the columns of
    article_life; the first reason that holds. docs/figures.md says what each state means.
#}
{% macro life_reason() -%}
    case
        when not is_branch_active then 'branch closed'
        when not is_bought_again and first_seen_on is null and on_order <= 0 then 'never here'
        when is_over and stock > 0 and emptied_on is null and sold_lately then 'selling off'
        when is_over and stock > 0 and emptied_on is null and season_ends_on < as_of_date then 'season over'
        when is_over and stock > 0 and emptied_on is null then 'delisted'
        when is_over then 'sold out'
        when
            is_bought_again
            and branch_on_order <= 0
            and stock <= 0
            and coalesce(emptied_on, branch_seen_on)
            <= {{ add_days('as_of_date', '-7 * ' ~ var('not_refilled_weeks')) }}
            then 'not refilled'
        when is_new and (is_bought_again or not is_empty) then 'first weeks'
        when is_bought_again then 'bought again'
        when on_order > 0 then 'on order'
        when is_empty and is_elsewhere and season_ends_on is not null then 'sold out here'
        when is_empty then 'sold out'
        when season_ends_on is not null then 'in season'
        when last_traded_on > {{ add_days('as_of_date', '-7 * ' ~ var('supply_weeks')) }} then 'no more supply'
        else 'not sold'
    end
{%- endmacro %}


{% macro life_state(reason) -%}
    case
        when {{ reason }} = 'first weeks' then 'new'
        when {{ reason }} in ('bought again', 'on order', 'sold out here', 'in season') then 'live'
        when {{ reason }} in ('selling off', 'no more supply') then 'running off'
        when {{ reason }} in ('sold out', 'not refilled') then 'sold out for good'
        else 'ended'
    end
{%- endmacro %}


{# The first day on which a reason held, as far as the books tell. #}
{% macro life_since(reason) -%}
    case {{ reason }}
        when 'branch closed' then last_traded_on
        when 'selling off'
            then case
                when season_ends_on < as_of_date then {{ add_days('season_ends_on', 1) }}
                else coalesce(last_supplied_on, branch_seen_on)
            end
        when 'season over'
            then greatest(
                {{ add_days('season_ends_on', 1) }}, {{ add_days('last_traded_on', var('run_off_days')) }}
            )
        when 'delisted' then {{ add_days('last_traded_on', var('run_off_days')) }}
        when 'sold out' then coalesce(emptied_on, {{ add_days('last_traded_on', 1) }})
        when 'not refilled'
            then {{ add_days('coalesce(emptied_on, branch_seen_on)', '7 * ' ~ var('not_refilled_weeks')) }}
        when 'sold out here' then coalesce(emptied_on, last_traded_on)
        when 'not sold' then {{ add_days('last_traded_on', '7 * ' ~ var('supply_weeks')) }}
        when 'no more supply' then coalesce(last_supplied_on, branch_seen_on)
        else coalesce(first_seen_on, branch_seen_on)
    end
{%- endmacro %}
